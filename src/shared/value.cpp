// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/value.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/process_page.hpp"
#include "shared/record.hpp"
#include "shared/shape.hpp"

namespace cohort::detail {

HeldLock::HeldLock(RLock& lock, const Until& until, const char* operation) : lock_(&lock) {
  if (lock.try_acquire(until)) return;
  if (until.stopped()) throw_stopped(operation);
  throw TimeoutError(operation, "", "the deadline passed before the lock was free");
}

bool has_left_family() noexcept {
  const family::ProcessPage* own = family::process_page_or_null();
  return own != nullptr && own->left.load(std::memory_order_relaxed) != 0;  // relaxed: set once, orders nothing
}

namespace {

using Word = std::atomic<std::uint64_t>;

// docs/formats/shared.md, "Value". A value of one instruction lies in `cell`; of a larger one there are two copies
// behind the head, and the low bit of `sequence` says which one counts.
struct ValueBody {
  Word shape;     // constant
  Word sequence;  // stores so far; its store commits one
  Word cell;
  Word reserved[5];
};
static_assert(sizeof(ValueBody) == 64 && offsetof(ValueBody, cell) == 16);

constexpr int kTries = 100;

Record<Word> record_of(ValueBody& body, std::size_t size) noexcept {
  return {body.sequence, reinterpret_cast<Word*>(&body + 1), size};
}

std::size_t body_size(std::uint64_t shape) noexcept {
  return sizeof(ValueBody) +
         (shape_is_atomic(shape) ? 0 : 2 * Record<Word>::words_of(shape_size(shape)) * sizeof(Word));
}

}  // namespace

ValueCore::ValueCore(std::uint64_t shape, Contents initial)
    : SharedHandle(kKind, body_size(shape), [shape, initial = std::move(initial)](void* place) {
        auto* body = new (place) ValueBody{};
        body->shape.store(shape, std::memory_order_relaxed);  // relaxed: published with the object
        if (shape_is_atomic(shape))
          std::memcpy(static_cast<void*>(&body->cell), initial->data(), initial->size());
        else
          record_of(*body, initial->size()).write_in_place(initial->data());
      }) {}

ValueCore::ValueCore(std::uint64_t shape, const HandleName& name) : SharedHandle(kKind, name) {
  // relaxed: constant
  check_shape("Value", shape, static_cast<ValueBody*>(body())->shape.load(std::memory_order_relaxed));
}

bool ValueCore::try_read(void* out, std::size_t size) const {
  return record_of(*static_cast<ValueBody*>(body()), size).try_read(out, kTries);
}

void ValueCore::write(const void* from, std::size_t size) const {
  auto record = record_of(*static_cast<ValueBody*>(body()), size);
  std::uint64_t next = record.prepare(from);
  COHORT_CRASH_POINT("shared.value.written");
  record.commit(next);
  COHORT_CRASH_POINT("shared.value.committed");
}

void ValueCore::write_in_place(const void* from, std::size_t size) const {
  record_of(*static_cast<ValueBody*>(body()), size).write_in_place(from);
}

void throw_out_of_range(const char* type, const char* method, const std::string& value) {
  throw ValueError(std::string(type) + method, value, "the integer is out of the range of the shared value");
}

}  // namespace cohort::detail
