// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/object_step.hpp"

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/process_page.hpp"

namespace cohort::object {

ObjectStep::ObjectStep(Family& family) : Journal(family), guard_(state_.lock, family::own_identity()), ledger_(*this) {
  if (guard_.damaged()) repair();
}

// A death in here leaves the lock with a dead holder and the journal as it is: the next one begins again.
void ObjectStep::repair() {
  replay();
  COHORT_CRASH_POINT("object.step.replayed");
  finish_freeing();
  collect();
  guard_.mark_repaired();
}

void ObjectStep::finish_freeing() {
  Offset block = state_.freeing.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (block == 0) return;
  // Who has it now is told by its owner: ours as long as it is not freed.
  bool ours = false;
  try {
    ours = family_.owner(block) == family::kBeingFreed;
  } catch (const ValueError&) {  // NOLINT(bugprone-empty-catch): it is free
  }
  if (ours) family_.free(block);
  state_.freeing.store(0, std::memory_order_relaxed);  // relaxed: under the lock
}

void ObjectStep::free_named(Offset at, Offset block) {
  try {
    family_.set_owner(block, family::kBeingFreed);
  } catch (const ValueError&) {  // a stray write: forget it
    write(at, 0);
    commit();
    return;
  }
  COHORT_CRASH_POINT("object.step.marked");
  write(at, 0);
  write(offset_of(state_.freeing), block);
  commit();
  finish_freeing();
}

void ObjectStep::collect() {
  // relaxed: under the lock
  while (Offset object = state_.dying.load(std::memory_order_relaxed)) {
    auto* header = family_.at<ObjectHeader>(object);
    const ObjectOperations& operations = operations_of(header->kind);
    if (operations.destroy != nullptr) {
      Destroyer destroyer(*this);
      try {
        operations.destroy(destroyer, header + 1);
      } catch (...) {  // NOLINT(bugprone-empty-catch)
        // Its memory is damaged. What it names is lost until the family ends, but no other object may wait for that.
      }
      // What it dropped may stand before it in the list now.
      if (state_.dying.load(std::memory_order_relaxed) != object) continue;
    }
    COHORT_CRASH_POINT("object.destroyed");
    family_.set_owner(object, family::kBeingFreed);
    header->magic.store(0, std::memory_order_relaxed);  // relaxed: under the lock
    write(offset_of(state_.dying), header->next.load(std::memory_order_relaxed));
    write(offset_of(state_.freeing), object);
    commit();
    finish_freeing();
  }
}

void Destroyer::free_block(std::atomic<std::uint64_t>& word) {
  // relaxed: nobody refers to the object any more
  if (Offset block = word.load(std::memory_order_relaxed); block != 0) step_.free_named(step_.offset_of(word), block);
}

void Destroyer::free_parcel(std::atomic<std::uint64_t>& word) { step_.drop_parcel(step_.offset_of(word)); }

}  // namespace cohort::object
