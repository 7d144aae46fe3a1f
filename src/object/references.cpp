// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// References of objects: words of ledgers and parcels, which come and go in steps with the objects' counts; and those
// that this process drops when the lock can be had.
#include <atomic>
#include <vector>

#include "family/process_page.hpp"
#include "object/object_step.hpp"
#include "object/objects.hpp"

namespace cohort::object {

// ---- a step --------------------------------------------------------------------------------------------------------

Objects::Entry ObjectStep::refer(MemberId self, Offset object) {
  auto* header = family_.at<ObjectHeader>(object);
  std::uint32_t index = ledger_.take_index(self);
  write(ledger_.entry_at(index), object);
  // relaxed: under the lock
  write(offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
  commit();
  return {object, index};
}

void ObjectStep::drop_reference(Offset at) {
  Offset object = word(at).load(std::memory_order_relaxed);  // relaxed: under the lock
  if (object == 0) return;
  write(at, 0);
  if (Objects(family_).generation(object) != 0) {
    auto* header = family_.at<ObjectHeader>(object);
    std::uint64_t references = header->references.load(std::memory_order_relaxed);  // relaxed: under the lock
    write(offset_of(header->references), references - 1);
    if (references == 1) {
      write(offset_of(header->generation), 0);
      // relaxed: under the lock
      write(offset_of(header->next), state_.dying.load(std::memory_order_relaxed));
      write(offset_of(state_.dying), object);
      // An object of the table of statics is not counted.
      if (header->is_static == 0) count_live(static_cast<ObjectKind>(header->kind), -1);
    }
  }
  commit();
}

Offset ObjectStep::object_in_parcel(Offset parcel, std::uint64_t place) {
  std::uint64_t room = family_.block_size(parcel) / sizeof(std::uint64_t) - 1;
  // relaxed: both: under the lock
  if (place > room || place > word(parcel).load(std::memory_order_relaxed)) return 0;
  return word(parcel + place * sizeof(std::uint64_t)).load(std::memory_order_relaxed);
}

void ObjectStep::drop_parcel(Offset at) {
  Offset parcel = word(at).load(std::memory_order_relaxed) & ~kParcelTag;  // relaxed: under the lock
  if (parcel == 0) return;
  std::uint64_t count = word(parcel).load(std::memory_order_relaxed);  // relaxed: constant
  std::uint64_t room = family_.block_size(parcel) / sizeof(std::uint64_t) - 1;
  for (std::uint64_t i = 0; i < count && i < room; ++i) drop_reference(parcel + (1 + i) * sizeof(std::uint64_t));
  free_named(at, parcel);
}

void ObjectStep::count_live(ObjectKind kind, int change) {
  auto& live = state_.live[static_cast<std::uint32_t>(kind) % family::kMostObjectKinds];
  // relaxed: under the lock
  write(offset_of(live), live.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change));
}

// ---- this process's ----------------------------------------------------------------------------------------------

std::optional<Objects::Entry> Objects::refer(Offset object, std::uint64_t generation, ObjectKind kind) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (generation == 0 || this->generation(object) != generation) return std::nullopt;
  if (family_.at<ObjectHeader>(object)->kind != static_cast<std::uint32_t>(kind)) return std::nullopt;
  if (auto granted = step.ledger().take_granted(self, object)) return granted;
  return step.refer(self, object);
}

namespace {

// Entries of our ledger that are to go when the lock can be had. As the deferred blocks of family.cpp.
struct DeferredEntry {
  MemberId owner;
  Objects::Entry entry;
  bool is_parcel;
};
std::vector<DeferredEntry>& deferred_entries() {
  static auto* entries = new std::vector<DeferredEntry>;  // never destroyed: handles of static storage go later
  return *entries;
}
std::atomic<bool> any_deferred{false};

void defer(Objects::Entry entry, bool is_parcel) {
  family::DeferredTurn turn;
  deferred_entries().push_back({Family::self_or_nobody(), entry, is_parcel});
  any_deferred.store(true, std::memory_order_relaxed);  // relaxed: looked at again under the turn
}

}  // namespace

void Objects::drop(Entry entry) {
  try {
    LockDeadline soon(Deadline::now());
    drop_now(entry);
  } catch (const LockedOut&) {
    defer(entry, false);
    return;
  }
  do_deferred();
}

void Objects::free_parcel(Entry parcel) {
  try {
    LockDeadline soon(Deadline::now());
    free_parcel_now(parcel);
  } catch (const LockedOut&) {
    defer(parcel, true);
    return;
  }
  do_deferred();
}

void Objects::do_deferred() {
  // relaxed: a look
  if (!any_deferred.load(std::memory_order_relaxed)) [[likely]]
    return;
  std::vector<DeferredEntry> entries;
  {
    family::DeferredTurn turn;
    entries.swap(deferred_entries());
    any_deferred.store(false, std::memory_order_relaxed);  // relaxed: as above
  }
  bool locked_out = false;
  for (const DeferredEntry& one : entries) {
    // A copy of the process has nothing of its parent's to do.
    if (!(one.owner == Family::self_or_nobody())) continue;
    try {
      // One wait for all: who holds the lock may be stopped.
      if (locked_out) throw LockedOut();
      LockDeadline soon(Deadline::now());
      one.is_parcel ? free_parcel_now(one.entry) : drop_now(one.entry);
    } catch (const LockedOut&) {
      locked_out = true;
      defer(one.entry, one.is_parcel);
    }
  }
}

void Objects::drop_now(Entry entry) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (!step.ledger().exists(self)) return;
  Offset at = step.ledger().entry_at(entry.index);
  // relaxed: under the lock
  if (step.word(at).load(std::memory_order_relaxed) != entry.object) return;
  step.drop_reference(at);
  step.ledger().give_back_index(entry.index);
  step.collect();
}

void Objects::free_parcel_now(Entry parcel) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (!step.ledger().exists(self)) return;
  step.drop_parcel(step.ledger().entry_at(parcel.index));
  step.ledger().give_back_index(parcel.index);
  step.collect();
}

}  // namespace cohort::object
