// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/member_died.hpp"

#include "base/crash_point.hpp"
#include "family/ledger_operations.hpp"
#include "object/local_objects.hpp"
#include "object/object_step.hpp"
#include "object/objects.hpp"

namespace cohort::object {

namespace {

// Who repairs it as a member looks at its flags under this lock, and leaves it to us from now on.
bool take_over(Family& family, MemberId dead, FunctionRef<bool()> take) {
  ObjectStep step(family);
  // relaxed: under the lock. Without a ledger it needs no member to be repaired by, or was repaired just now.
  if (family.slot_record(dead).ledger.load(std::memory_order_relaxed) == 0) return false;
  step.ledger().look_anew();
  return take();
}

constexpr family::LedgerOperations kLedgers{
    .joined = relist_local_objects,
    .member_died = [](Family& family, MemberId dead,
                      std::uint32_t flags) { return Objects(family).member_died(dead, flags); },
    .take_over = take_over};

}  // namespace

void keep_ledgers() noexcept { Family::keep_ledgers(kLedgers); }

namespace {

// For a process that makes no object itself, and repairs after another.
const bool registered = (keep_ledgers(), true);

}  // namespace

bool Objects::member_died(MemberId dead, std::uint32_t flags) {
  auto& ledger_word = family_.slot_record(dead).ledger;
  if (ledger_word.load(std::memory_order_relaxed) == 0) return true;  // relaxed: set before its process ended
  MemberId self = family_.self();
  // First: every object repairs. Each is held by a reference of our own meanwhile, and no lock is.
  // Those of parcels, too: the handles of a message may be in use though they have no entries yet (lender.hpp).
  for (std::uint64_t i = 0, in_parcel = 0;;) {
    Entry pinned;
    std::uint32_t kind = 0;
    {
      ObjectStep step(family_);
      // Else the slot, and the ledger in it, may be somebody's who lives: one who took the member over, or came after
      // it.
      if (!family_.is_still(dead, flags)) return false;
      Offset ledger = ledger_word.load(std::memory_order_relaxed);  // relaxed: under the lock
      if (ledger == 0) return true;                                 // another one has done all this
      if (i >= step.ledger().capacity_of(ledger)) break;
      // relaxed: under the lock
      std::uint64_t word =
          step.word(Ledger::entry_at(ledger, static_cast<std::uint32_t>(i))).load(std::memory_order_relaxed);
      if ((word & kParcelTag) != 0) {
        word = step.object_in_parcel(word & ~kParcelTag, ++in_parcel);
        if (word == 0) in_parcel = 0;
      }
      if (in_parcel == 0) ++i;
      if (word == 0 || generation(word) == 0) continue;
      kind = family_.at<ObjectHeader>(word)->kind;
      if (operations_of(kind).member_died == nullptr) continue;
      pinned = step.refer(self, word);
    }
    COHORT_CRASH_POINT("object.step.pinned");
    try {
      operations_of(kind).member_died(pinned.object, body(pinned.object), dead);
    } catch (...) {  // one that is locked out is begun anew
      drop(pinned);
      throw;
    }
    drop(pinned);
  }
  // Second: its references go.
  ObjectStep step(family_);
  if (!family_.is_still(dead, flags)) return false;
  Offset ledger = ledger_word.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (ledger == 0) return true;
  for (std::uint32_t i = 0; i < step.ledger().capacity_of(ledger); ++i) {
    Offset at = Ledger::entry_at(ledger, i);
    std::uint64_t word = step.word(at).load(std::memory_order_relaxed);  // relaxed: under the lock
    if (word == 0) continue;
    if ((word & kParcelTag) != 0)
      step.drop_parcel(at);
    else
      step.drop_reference(at);
    COHORT_CRASH_POINT("object.step.dropped");
  }
  step.collect();
  // From now on nobody looks at the ledger, and its block may go with the others.
  ledger_word.store(0, std::memory_order_relaxed);  // relaxed: under the lock
  step.ledger().forget(dead);
  return true;
}

}  // namespace cohort::object
