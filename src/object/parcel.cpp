// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/parcel.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/crash_point.hpp"
#include "object/object_step.hpp"
#include "object/objects.hpp"

namespace cohort::object {

Parcel::Parcel(std::span<const std::uint64_t> objects) {
  if (objects.empty()) return;
  Family& family = Family::instance();
  MemberId self = family.self();
  Offset parcel = family.allocate_control((1 + objects.size()) * sizeof(std::uint64_t), self);
  std::optional<ObjectStep> lock;
  std::uint32_t index = 0;
  try {
    lock.emplace(family);
    index = lock->ledger().take_index(self);
  } catch (...) {
    lock.reset();
    family.free(parcel);
    throw;
  }
  ObjectStep& step = *lock;
  step.word(parcel).store(objects.size(), std::memory_order_relaxed);  // relaxed: published by the step
  step.write(step.ledger().entry_at(index), parcel | kParcelTag);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.listed");
  family.set_owner(parcel, kNobody);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    auto* header = family.at<ObjectHeader>(objects[i]);
    step.write(parcel + (1 + i) * sizeof(std::uint64_t), objects[i]);
    // relaxed: under the lock
    step.write(step.offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.parcel.filled");
  }
  offset_ = parcel;
  owner_ = self.pack();
  index_ = index;
}

Parcel Parcel::take(std::uint64_t parcel, std::span<const JournalWrite> also) {
  Family& family = Family::instance();
  MemberId self = family.self();
  ObjectStep step(family);
  std::uint32_t index = step.ledger().take_index(self);
  step.write(step.ledger().entry_at(index), parcel | kParcelTag);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.taken");
  return {parcel, self.pack(), index};
}

Parcel Parcel::take_from(std::atomic<std::uint64_t>& word) {
  const JournalWrite clear{Family::instance().offset_of(&word), 0};
  return take(word.load(std::memory_order_relaxed), {&clear, 1});  // relaxed: the caller is the word's only user
}

void Parcel::give_to(std::atomic<std::uint64_t>& word, std::span<const JournalWrite> also) {
  std::array<JournalWrite, 4> all{JournalWrite{Family::instance().offset_of(&word), offset_}};
  std::size_t count = 1;
  for (const JournalWrite& write : also.first(std::min(also.size(), all.size() - 1))) all[count++] = write;
  give(std::span(all).first(count));
}

void Parcel::give(std::span<const JournalWrite> also) {
  Family& family = Family::instance();
  MemberId self = family.self();
  ObjectStep step(family);
  (void)step.ledger().exists(self);
  step.write(step.ledger().entry_at(index_), 0);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  offset_ = 0;
  COHORT_CRASH_POINT("object.parcel.given");
  step.ledger().give_back_index(index_);
}

void Parcel::free() noexcept {
  Objects::Entry entry{std::exchange(offset_, 0), index_};
  // As in Block::free().
  if (owner_ != Family::self_or_nobody().pack() || owner_ == 0) return;
  try {
    Objects::instance().free_parcel(entry);
  } catch (...) {  // NOLINT(bugprone-empty-catch): it goes with this process
  }
}

void Objects::settle() { ObjectStep step(family_); }

}  // namespace cohort::object
