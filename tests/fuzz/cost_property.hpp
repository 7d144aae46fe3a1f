// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What decoding may cost for each byte of the input, whatever the bytes: comparisons of keys, memory, time.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/object.hpp"

namespace cohort::fuzz {

/// Bytes on the heap now, and the most since the last look. Counted by the operators new and delete of the program that
/// defines COHORT_COUNT_ALLOCATIONS before it includes this, once.
struct Allocated {
  static inline std::size_t now = 0;
  static inline std::size_t most = 0;
  static void add(std::size_t size) noexcept {
    now += size;
    if (now > most) most = now;
  }
  static void remove(std::size_t size) noexcept { now -= size; }
};

/// A key that counts how often it was compared, with a hash of few values: the worst that a program can have.
struct CountedKey {
  static inline std::size_t comparisons = 0;

  std::uint16_t value = 0;
  friend bool operator==(CountedKey a, CountedKey b) { return ++comparisons, a.value == b.value; }
  friend bool operator<(CountedKey a, CountedKey b) { return ++comparisons, a.value < b.value; }
};
struct PoorHash {
  std::size_t operator()(CountedKey key) const noexcept { return key.value % 16; }
};

inline constexpr DecodeLimits kCostLimits{
    .memory = std::size_t{1} << 20, .depth = 128, .items = std::size_t{1} << 16, .chain = 8};

/// Throws std::logic_error when decoding `bytes` as a T costs more than it may.
template <class T>
void check_cost(std::span<const std::byte> bytes, const char* what) {
  const std::size_t held = Allocated::now;
  Allocated::most = held;
  CountedKey::comparisons = 0;
  timespec before{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  try {
    static_cast<void>(decode<T>(bytes, kCostLimits));
  } catch (const DecodeError&) {  // what it cost is what counts
  }
  timespec after{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const auto fail = [&](const std::string& cost) {
    throw std::logic_error(std::string(what) + ": " + std::to_string(bytes.size()) + " bytes cost " + cost);
  };
  // A chain is gone over once to judge it and once to insert, and again at the end; a sorted container takes
  // log2(65536).
  if (CountedKey::comparisons > 64 * (bytes.size() + 1)) fail(std::to_string(CountedKey::comparisons) + " comparisons");
  // Four times the limit: a vector that grows is there twice, a heap rounds up.
  if (Allocated::most - held > 4 * *kCostLimits.memory + 16 * bytes.size())
    fail(std::to_string(Allocated::most - held) + " bytes of memory");
  // Wide, for sanitizers and a busy machine; what is wrong is so by a factor of a hundred.
  const auto nanoseconds = (after.tv_sec - before.tv_sec) * 1'000'000'000 + (after.tv_nsec - before.tv_nsec);
  if (nanoseconds > 200'000'000 + static_cast<std::int64_t>(bytes.size()) * 20'000)
    fail(std::to_string(nanoseconds) + " ns");
}

}  // namespace cohort::fuzz

#ifdef COHORT_COUNT_ALLOCATIONS
void* operator new(std::size_t size) {
  void* place = std::malloc(size == 0 ? 1 : size);
  if (place == nullptr) throw std::bad_alloc();
  cohort::fuzz::Allocated::add(::malloc_usable_size(place));
  return place;
}
void operator delete(void* place) noexcept {
  if (place != nullptr) cohort::fuzz::Allocated::remove(::malloc_usable_size(place));
  std::free(place);
}
void operator delete(void* place, std::size_t) noexcept { ::operator delete(place); }
#endif
