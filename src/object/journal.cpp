// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/journal.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"

namespace cohort::object {

std::atomic<std::uint64_t>& Journal::word(Offset at) {
  constexpr Offset kBegin = offsetof(family::Header, objects);
  if (at >= kBegin && at + sizeof(std::uint64_t) <= kBegin + sizeof(family::ObjectsState))
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(reinterpret_cast<std::byte*>(&family_.header()) + at);
  return *family_.at<std::atomic<std::uint64_t>>(at);
}

void Journal::write(Offset at, std::uint64_t value) {
  if (count_ == family::kMostJournalWrites)
    throw ValueError("Objects", std::to_string(at), "too many writes for one step");
  (void)word(at);  // throws here, not in a repair
  // relaxed: both: published by the store of `recorded`
  state_.journal[count_].at.store(at, std::memory_order_relaxed);
  state_.journal[count_].value.store(value, std::memory_order_relaxed);
  ++count_;
}

void Journal::commit() {
  std::uint64_t count = std::exchange(count_, 0);
  COHORT_CRASH_POINT("object.step.before_commit");
  // SYNC(journal): release here -> acquire in replay(); carries the records
  state_.recorded.store(count, std::memory_order_release);
  COHORT_CRASH_POINT("object.step.committed");
  apply(count);
}

void Journal::replay() {
  // SYNC(journal): release store in commit() -> acquire here; carries the records
  std::uint64_t count = state_.recorded.load(std::memory_order_acquire);
  if (count <= family::kMostJournalWrites) apply(count);
}

void Journal::apply(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    // relaxed: both: under the lock
    Offset at = state_.journal[i].at.load(std::memory_order_relaxed);
    // SYNC(journal): release here -> acquire in replay(), and in a reader of such a word without the lock (a position)
    word(at).store(state_.journal[i].value.load(std::memory_order_relaxed), std::memory_order_release);
    COHORT_CRASH_POINT("object.step.applied");
  }
  // SYNC(journal): keeps the writes before it for whoever repairs after us
  state_.recorded.store(0, std::memory_order_release);
}

Offset Journal::offset_of(const std::atomic<std::uint64_t>& place) const { return family_.offset_of(&place); }

}  // namespace cohort::object
