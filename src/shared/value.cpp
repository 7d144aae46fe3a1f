// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/value.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "shared/shape.hpp"

namespace cohort::detail {

namespace {

using Word = std::atomic<std::uint64_t>;

// docs/formats/shared.md, "Value". A value of one instruction lies in `cell`; of a larger one there are two copies behind
// the head, and the low bit of `sequence` says which one counts.
struct ValueBody {
  Word shape;     // constant
  Word sequence;  // stores so far; its store commits one
  Word cell;
  Word reserved[5];
};
static_assert(sizeof(ValueBody) == 64 && offsetof(ValueBody, cell) == 16);

constexpr int kTries = 100;

constexpr std::size_t words_of(std::size_t size) noexcept { return (size + sizeof(Word) - 1) / sizeof(Word); }

Word* copy_at(ValueBody& body, std::uint64_t sequence, std::size_t size) noexcept {
  return reinterpret_cast<Word*>(&body + 1) + (sequence & 1) * words_of(size);
}

void put_words(Word* to, const void* from, std::size_t size) noexcept {
  const auto* bytes = static_cast<const std::byte*>(from);
  for (std::size_t i = 0; i < words_of(size); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i * sizeof word, std::min(sizeof word, size - i * sizeof word));
    // SYNC(record words): release here -> acquire in take_words(); a reader that sees one of these also sees the
    // sequence that was stored before, and so knows that it was too slow
    to[i].store(word, std::memory_order_release);
  }
}

void take_words(void* to, const Word* from, std::size_t size) noexcept {
  auto* bytes = static_cast<std::byte*>(to);
  for (std::size_t i = 0; i < words_of(size); ++i) {
    // SYNC(record words): acquire here <- release in put_words()
    std::uint64_t word = from[i].load(std::memory_order_acquire);
    std::memcpy(bytes + i * sizeof word, &word, std::min(sizeof word, size - i * sizeof word));
  }
}

std::size_t body_size(std::uint64_t shape) noexcept {
  return sizeof(ValueBody) + (shape_is_atomic(shape) ? 0 : 2 * words_of(shape_size(shape)) * sizeof(Word));
}

}  // namespace

ValueCore::ValueCore(std::uint64_t shape, Contents initial)
    : SharedHandle(kKind, body_size(shape), [shape, initial = std::move(initial)](void* place) {
        auto* body = new (place) ValueBody{};
        body->shape.store(shape, std::memory_order_relaxed);  // relaxed: published with the object
        if (shape_is_atomic(shape))
          std::memcpy(static_cast<void*>(&body->cell), initial->data(), initial->size());
        else
          put_words(copy_at(*body, 0, initial->size()), initial->data(), initial->size());
      }) {}

ValueCore::ValueCore(std::uint64_t shape, const HandleName& name) : SharedHandle(kKind, name) {
  // relaxed: constant
  check_shape("Value", shape, static_cast<ValueBody*>(body())->shape.load(std::memory_order_relaxed));
}

bool ValueCore::try_read(void* out, std::size_t size) const {
  auto& value = *static_cast<ValueBody*>(body());
  for (int tries = 0; tries < kTries; ++tries) {
    // SYNC(record): release in write() -> acquire here; carries the copy
    std::uint64_t before = value.sequence.load(std::memory_order_acquire);
    take_words(out, copy_at(value, before, size), size);
    // The next store goes to the other copy; only the one after it, to this one.
    // relaxed: ordered behind the words by their acquire
    if (value.sequence.load(std::memory_order_relaxed) == before) return true;
  }
  return false;
}

void ValueCore::write(const void* from, std::size_t size) const {
  auto& value = *static_cast<ValueBody*>(body());
  std::uint64_t next = value.sequence.load(std::memory_order_relaxed) + 1;  // relaxed: written under the lock
  put_words(copy_at(value, next, size), from, size);
  COHORT_CRASH_POINT("shared.value.written");
  // SYNC(record): release here -> acquire in try_read()
  value.sequence.store(next, std::memory_order_release);
  COHORT_CRASH_POINT("shared.value.committed");
}

void ValueCore::write_in_place(const void* from, std::size_t size) const {
  auto& value = *static_cast<ValueBody*>(body());
  // SYNC(record): as in try_read()
  put_words(copy_at(value, value.sequence.load(std::memory_order_acquire), size), from, size);
}

void throw_out_of_range(const char* sentence) { throw ValueError("Value", "", sentence); }

}  // namespace cohort::detail
