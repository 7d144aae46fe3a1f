// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/ledger.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"
#include "object/member_died.hpp"
#include "object/object_step.hpp"

namespace cohort::object {

namespace {

// Set in the first word of a ledger, beside its capacity, when the parent granted what it holds.
constexpr std::uint64_t kGranted = std::uint64_t{1} << 63;

// This process's cache of its ledger. Guarded by the objects' lock; meaningless in a forked copy.
struct LocalLedger {
  std::uint64_t member = 0;
  Offset block = 0;
  std::uint32_t capacity = 0;
  std::vector<std::uint32_t> vacant;
  std::vector<std::uint32_t> granted;
};
LocalLedger& local_ledger() {
  static auto* ledger = new LocalLedger;  // never destroyed: handles of static storage go later
  return *ledger;
}

}  // namespace

std::uint32_t Ledger::capacity_of(Offset ledger) {
  std::uint64_t capacity = journal_.word(ledger).load(std::memory_order_relaxed) & ~kGranted;  // relaxed: constant
  std::uint64_t room = family_.block_size(ledger) / sizeof(std::uint64_t);
  return static_cast<std::uint32_t>(capacity < room ? capacity : room - 1);
}

bool Ledger::exists(MemberId self) {
  LocalLedger& local = local_ledger();
  if (local.member == self.pack()) return local.block != 0;
  local.member = self.pack();
  local.vacant.clear();
  local.granted.clear();
  // relaxed: all: under the lock
  local.block = family_.slot_record(self).ledger.load(std::memory_order_relaxed);
  local.capacity = local.block != 0 ? capacity_of(local.block) : 0;
  bool granted = local.block != 0 && (journal_.word(local.block).load(std::memory_order_relaxed) & kGranted) != 0;
  for (std::uint32_t i = local.capacity; i-- > 0;) {
    if (journal_.word(entry_at(local.block, i)).load(std::memory_order_relaxed) == 0)
      local.vacant.push_back(i);
    else if (granted)
      local.granted.push_back(i);
  }
  return local.block != 0;
}

Offset Ledger::block() const { return local_ledger().block; }
Offset Ledger::entry_at(std::uint32_t index) const { return entry_at(local_ledger().block, index); }

std::optional<Objects::Entry> Ledger::take_granted(MemberId self, Offset object) {
  if (!exists(self)) return std::nullopt;
  auto& granted = local_ledger().granted;
  for (auto at = granted.begin(); at != granted.end(); ++at) {
    std::uint32_t index = *at;
    if (journal_.word(entry_at(index)).load(std::memory_order_relaxed) != object) continue;  // relaxed: under the lock
    granted.erase(at);
    return Objects::Entry{object, index};
  }
  return std::nullopt;
}

Offset Ledger::make_for(MemberId owner, std::uint32_t capacity, bool granted) {
  keep_ledgers();
  Offset block = family_.allocate_control((1 + std::size_t{capacity}) * sizeof(std::uint64_t), owner);
  // relaxed: both: under the lock; the block goes with its member's
  journal_.word(block).store(granted ? capacity | kGranted : capacity, std::memory_order_relaxed);
  family_.slot_record(owner).ledger.store(block, std::memory_order_relaxed);
  return block;
}

std::uint32_t Ledger::take_index(MemberId self) {
  (void)exists(self);
  LocalLedger& local = local_ledger();
  if (local.vacant.empty()) {
    std::uint32_t capacity = local.capacity == 0 ? kFirstLedger : local.capacity * 2 + 2;
    local.vacant.reserve(capacity);
    keep_ledgers();
    Offset old = local.block;
    Offset block = family_.allocate_control_to_take((1 + std::size_t{capacity}) * sizeof(std::uint64_t), self);
    // relaxed: all: under the lock; the one store that counts is the last
    journal_.word(block).store(capacity, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < local.capacity; ++i)
      journal_.word(entry_at(block, i))
          .store(journal_.word(entry_at(old, i)).load(std::memory_order_relaxed), std::memory_order_relaxed);
    COHORT_CRASH_POINT("object.ledger.grown");
    // SYNC(journal): release -> the objects' lock, and replay(); keeps the copies before it for a repairer after us
    family_.slot_record(self).ledger.store(block, std::memory_order_release);
    for (std::uint32_t i = capacity; i-- > local.capacity;) local.vacant.push_back(i);
    local.block = block;
    local.capacity = capacity;
    if (old != 0) family_.free(old);
  }
  std::uint32_t index = local.vacant.back();
  local.vacant.pop_back();
  return index;
}

void Ledger::give_back_index(std::uint32_t index) { local_ledger().vacant.push_back(index); }

void Ledger::forget(MemberId member) {
  LocalLedger& local = local_ledger();
  if (local.member != member.pack()) return;
  Offset block = std::exchange(local.block, 0);
  local.capacity = 0;
  local.vacant.clear();
  local.granted.clear();
  if (block != 0) family_.free(block);
}

void Ledger::look_anew() noexcept { local_ledger().member = 0; }

// ---- ledgers of children -------------------------------------------------------------------------------------------

void Objects::copy_ledger(MemberId child) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  Ledger& ledger = step.ledger();
  if (!ledger.exists(self)) return;
  Offset from = ledger.block();
  std::uint32_t capacity = ledger.capacity_of(from);
  Offset to = ledger.make_for(child, capacity, false);
  for (std::uint32_t i = 0; i < capacity; ++i) {
    // relaxed: both: under the lock
    std::uint64_t word = step.word(Ledger::entry_at(from, i)).load(std::memory_order_relaxed);
    if (word == 0 || (word & kParcelTag) != 0) continue;
    auto& references = family_.at<ObjectHeader>(word)->references;
    step.write(Ledger::entry_at(to, i), word);
    step.write(step.offset_of(references), references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.ledger.copied");
  }
}

void Objects::grant(MemberId child, std::span<const Offset> objects) {
  if (objects.empty()) return;
  ObjectStep step(family_);
  Ledger& ledger = step.ledger();
  auto capacity = static_cast<std::uint32_t>(std::max<std::size_t>(objects.size(), kFirstLedger));
  Offset to = ledger.make_for(child, capacity, true);
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    auto& references = family_.at<ObjectHeader>(objects[i])->references;
    step.write(Ledger::entry_at(to, i), objects[i]);
    // relaxed: under the lock
    step.write(step.offset_of(references), references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.ledger.granted");
  }
}

}  // namespace cohort::object
