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

// ---- the owner -----------------------------------------------------------------------------------------------------

Parcel::Parcel(std::span<const std::uint64_t> objects) {
  if (objects.empty()) return;
  Objects::Entry made = Objects::instance().make_parcel(objects);
  *this = Parcel(made.object, Family::self_or_nobody().pack(), made.index);
}

Parcel Parcel::take(std::uint64_t parcel, std::span<const JournalWrite> also) {
  Objects::Entry taken = Objects::instance().take_parcel(parcel, also);
  return {taken.object, Family::self_or_nobody().pack(), taken.index};
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
  Objects::instance().give_parcel({offset_, index_}, also);
  offset_ = 0;
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

// ---- ledgers and words ---------------------------------------------------------------------------------------------

Objects::Entry Objects::make_parcel(std::span<const Offset> objects) {
  MemberId self = family_.self();
  Offset parcel = family_.allocate_control((1 + objects.size()) * sizeof(std::uint64_t), self);
  Entry entry{parcel, 0};
  std::optional<ObjectStep> lock;
  try {
    lock.emplace(family_);
    entry.index = lock->ledger().take_index(self);
  } catch (...) {
    lock.reset();
    family_.free(parcel);
    throw;
  }
  ObjectStep& step = *lock;
  step.word(parcel).store(objects.size(), std::memory_order_relaxed);  // relaxed: published by the step
  step.write(step.ledger().entry_at(entry.index), parcel | kParcelTag);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.listed");
  family_.set_owner(parcel, kNobody);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    auto* header = family_.at<ObjectHeader>(objects[i]);
    step.write(parcel + (1 + i) * sizeof(std::uint64_t), objects[i]);
    // relaxed: under the lock
    step.write(step.offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.parcel.filled");
  }
  return entry;
}

void Objects::give_parcel(Entry parcel, std::span<const JournalWrite> also) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  (void)step.ledger().exists(self);
  step.write(step.ledger().entry_at(parcel.index), 0);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.given");
  step.ledger().give_back_index(parcel.index);
}

Objects::Entry Objects::take_parcel(Offset parcel, std::span<const JournalWrite> also) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  Entry entry{parcel, step.ledger().take_index(self)};
  step.write(step.ledger().entry_at(entry.index), parcel | kParcelTag);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.taken");
  return entry;
}

void Objects::settle() { ObjectStep step(family_); }

}  // namespace cohort::object
