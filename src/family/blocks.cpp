// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/blocks.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/crash_point.hpp"
#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "os/secret_memory.hpp"

namespace cohort::family {

namespace {

constexpr std::uint64_t kMostWiped = 64 * 1024;

[[noreturn]] void throw_no_block(const char* operation, Offset block) {
  throw ValueError(operation, std::to_string(block), "is not the start of an allocated block");
}

}  // namespace

Blocks::Blocks(Windows& windows) noexcept
    : windows_(windows),
      control_(windows, windows.places().control, windows.header().control),
      payload_(windows, windows.places().payload, windows.header().payload) {}

// The memory lock, with sound lists behind it.
class Blocks::Locked {
 public:
  Locked(Blocks& blocks, const os::ProcessIdentity& self) : guard_(blocks.windows_.header().memory_lock, self) {
    if (guard_.damaged()) blocks.repair(guard_);
  }
  [[nodiscard]] LockGuard& guard() noexcept { return guard_; }

 private:
  LockGuard guard_;
};

// A death in here leaves the lock with a dead holder, so the next one begins again.
void Blocks::repair(LockGuard& guard) {
  COHORT_CRASH_POINT("shm.repair.begun");
  if (!control_.rebuild() || !payload_.rebuild())
    throw Error("Family", "", "the family memory is damaged: a block's word was overwritten");
  guard.mark_repaired();
  COHORT_CRASH_POINT("shm.repair.done");
}

std::uint64_t Blocks::spare() const noexcept {
  std::uint64_t charged = control_.used_bytes() + control_.kept_bytes() + payload_.used_bytes() + payload_.kept_bytes();
  std::uint64_t budget = windows_.header().constants.budget;
  return budget > charged ? budget - charged : 0;
}

// When the quick way found nothing: repair spoilt lists, merge, give pages back, in this order.
Heap::Allocation Blocks::allocate_hard(Heap& heap, unsigned order, MemberId owner, LockGuard& guard, bool last_part) {
  Heap::Allocation got = heap.allocate(order, owner, spare(), last_part);
  if (got.outcome == Heap::Outcome::damaged) {
    guard.mark_damaged();
    repair(guard);
    got = heap.allocate(order, owner, spare(), last_part);
  }
  if (got.outcome == Heap::Outcome::done) return got;
  heap.coalesce();
  got = heap.allocate(order, owner, spare(), last_part);
  if (got.outcome == Heap::Outcome::done) return got;
  std::uint64_t used = control_.used_bytes() + payload_.used_bytes();
  std::uint64_t budget = windows_.header().constants.budget;
  if (block_bytes(order) > budget || used > budget - block_bytes(order)) return got;
  // Warm pages are worth keeping: give back what this block lacks, and all only when space itself is short.
  std::uint64_t keep = got.outcome == Heap::Outcome::over_budget ? budget - used - block_bytes(order) : 0;
  std::uint64_t other = control_.kept_bytes();
  payload_.coalesce();
  payload_.trim(keep > other ? keep - other : 0);
  if (control_.kept_bytes() + payload_.kept_bytes() > keep) {
    control_.coalesce();
    control_.trim(0);
  }
  heap.coalesce();
  got = heap.allocate(order, owner, spare(), last_part);
  if (got.outcome != Heap::Outcome::over_budget) return got;
  payload_.trim(0);
  return heap.allocate(order, owner, spare(), last_part);
}

Offset Blocks::allocate(Region region, std::uint64_t size, MemberId owner, const os::ProcessIdentity& self,
                        Purpose purpose) {
  const bool last_part = region == Region::payload || purpose == Purpose::taking;
  Heap& heap = region == Region::control ? control_ : payload_;
  unsigned order = order_for(size);
  Heap::Allocation got;
  {
    Locked locked(*this, self);
    got = heap.allocate(order, owner, spare(), last_part);
    if (got.outcome != Heap::Outcome::done && order < kOrders)
      got = allocate_hard(heap, order, owner, locked.guard(), last_part);
    if (got.outcome != Heap::Outcome::done && purpose == Purpose::taking)
      got = heap.allocate(order, owner, UINT64_MAX, true);
  }
  if (got.outcome != Heap::Outcome::done) {
    std::string sentence;
    if (got.outcome == Heap::Outcome::over_budget)
      sentence = "the budget of " + std::to_string(windows_.header().constants.budget) + " bytes has " +
                 std::to_string(usage().used_bytes) +
                 " in use; raise it with COHORT_MEMORY_BUDGET or configure_family_memory()";
    else
      sentence = "the reservation of " + std::to_string(windows_.size() >> 20) + " MiB has " +
                 std::to_string(heap_bytes(region) >> 20) +
                 (region == Region::control ? " MiB for control structures" : " MiB for contents") +
                 ", with no free range that large; " + windows_.how_to_enlarge();
    throw OutOfFamilyMemory("Family.allocate", std::to_string(size) + " bytes", sentence);
  }
  bool needs_zeroes = region == Region::control && got.warm;
  if (needs_zeroes || kThreadSanitizer) {
    try {
      std::byte* place = windows_.address(got.offset, block_bytes(order));
      note_new_memory(place, block_bytes(order));
      if (needs_zeroes) std::memset(place, 0, block_bytes(order));
    } catch (...) {
      free(got.offset, self);
      throw;
    }
  }
  return got.offset;
}

std::uint64_t Blocks::heap_bytes(Region region) const noexcept {
  const Places& places = windows_.places();
  return (region == Region::control ? places.control.units : places.payload.units) * kUnitSize;
}

Blocks::Place Blocks::place_of(Offset block, const char* operation) {
  if (std::int64_t unit = payload_.unit_at(block); unit >= 0) return {&payload_, static_cast<std::uint64_t>(unit)};
  if (std::int64_t unit = control_.unit_at(block); unit >= 0) return {&control_, static_cast<std::uint64_t>(unit)};
  throw_no_block(operation, block);
}

std::uint64_t Blocks::used_word(const Place& place, Offset block, const char* operation) {
  // SYNC(block): release stores of the word -> acquire here
  std::uint64_t word = place.heap->word_at(place.unit).load(std::memory_order_acquire);
  if (!BlockWord::is_sound(word) || BlockWord::kind(word) != BlockWord::used) throw_no_block(operation, block);
  return word;
}

void Blocks::free(Offset block, const os::ProcessIdentity& self) {
  Place place = place_of(block, "Family.free");
  Locked locked(*this, self);
  // An owner that changes meanwhile is a race of the users; the block is freed all the same.
  while (!place.heap->free(place.unit, used_word(place, block, "Family.free"))) {}
  std::uint64_t high_water = windows_.header().constants.high_water;
  if (place.heap->wants_trim(high_water)) {
    place.heap->coalesce();
    place.heap->trim(high_water / 2);
  }
}

// Under the lock: what another repairer has freed meanwhile may be somebody's by now.
void Blocks::wipe_if_owned(Offset block, MemberId owner) {
  std::int64_t unit = payload_.unit_at(block);
  if (unit < 0) return;
  // relaxed: under the lock
  std::uint64_t word = payload_.word_at(static_cast<std::uint64_t>(unit)).load(std::memory_order_relaxed);
  if (!BlockWord::is_sound(word) || BlockWord::kind(word) != BlockWord::used || BlockWord::owner(word) != owner) return;
  std::uint64_t size = std::min(block_bytes(BlockWord::order(word)), kMostWiped);
  os::wipe({windows_.address(block, size), size});
}

std::size_t Blocks::free_owned(MemberId owner, const os::ProcessIdentity& self, Offset secret) {
  if (!owner) return 0;
  Locked locked(*this, self);
  if (secret != 0) wipe_if_owned(secret, owner);
  auto is_gone = [&](MemberId who) { return who == owner; };
  return control_.free_owned_by(is_gone) + payload_.free_owned_by(is_gone);
}

std::size_t Blocks::free_orphans(FunctionRef<bool(MemberId)> is_gone, const os::ProcessIdentity& self) {
  Locked locked(*this, self);
  auto is_orphan = [&](MemberId who) { return who && is_gone(who); };
  return control_.free_owned_by(is_orphan) + payload_.free_owned_by(is_orphan);
}

std::uint64_t Blocks::size(Offset block) {
  return block_bytes(BlockWord::order(used_word(place_of(block, "Family.block_size"), block, "Family.block_size")));
}

MemberId Blocks::owner(Offset block) {
  return BlockWord::owner(used_word(place_of(block, "Family.owner"), block, "Family.owner"));
}

void Blocks::set_owner(Offset block, MemberId to) {
  Place place = place_of(block, "Family.set_owner");
  std::uint64_t word = used_word(place, block, "Family.set_owner");
  // SYNC(block): release here -> acquire in used_word(); carries what the giver wrote into the block
  while (!place.heap->word_at(place.unit)
              .compare_exchange_weak(word, BlockWord::make_used(BlockWord::order(word), to), std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
    if (!BlockWord::is_sound(word) || BlockWord::kind(word) != BlockWord::used)
      throw_no_block("Family.set_owner", block);
  }
}

bool Blocks::set_owner(Offset block, MemberId from, MemberId to) {
  Place place = place_of(block, "Family.set_owner");
  // relaxed: the compare-exchange below orders
  std::uint64_t word = place.heap->word_at(place.unit).load(std::memory_order_relaxed);
  while (BlockWord::is_sound(word) && BlockWord::kind(word) == BlockWord::used &&
         (word & BlockWord::kOwnerMask) == BlockWord::owner_bits(from)) {
    // SYNC(block): as in the other set_owner()
    if (place.heap->word_at(place.unit)
            .compare_exchange_weak(word, BlockWord::make_used(BlockWord::order(word), to), std::memory_order_acq_rel,
                                   std::memory_order_relaxed))
      return true;
  }
  return false;
}

Blocks::Usage Blocks::usage() const noexcept {
  return {control_.used_bytes() + payload_.used_bytes(), control_.kept_bytes() + payload_.kept_bytes(),
          control_.used_blocks() + payload_.used_blocks()};
}

const char* Blocks::validate(const os::ProcessIdentity& self) {
  Locked locked(*this, self);
  const char* fault = control_.validate();
  return fault != nullptr ? fault : payload_.validate();
}

void Blocks::rebuild(const os::ProcessIdentity& self) {
  Locked locked(*this, self);
  locked.guard().mark_damaged();
  repair(locked.guard());
}

}  // namespace cohort::family
