// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/members.hpp"

#include "base/crash_point.hpp"

namespace cohort::family {

namespace {

void clear(MemberRecord& record) noexcept {
  // relaxed: all of them: nobody reads the fields of a free slot; the store of its state publishes them
  record.pid.store(0, std::memory_order_relaxed);
  record.flags.store(0, std::memory_order_relaxed);
  record.start_time.store(0, std::memory_order_relaxed);
  record.parent.store(0, std::memory_order_relaxed);
  record.exit_state.store(0, std::memory_order_relaxed);
  record.exit_status.store(0, std::memory_order_relaxed);
  record.launch.store(0, std::memory_order_relaxed);
  record.launch_state.store(0, std::memory_order_relaxed);
  record.doorbell.store(0, std::memory_order_relaxed);
  for (auto* word : {&record.launch_nonce, &record.launch_pid, &record.launch_progress, &record.exit_code,
                     &record.launch_error, &record.launch_failure, &record.launch_step, &record.ledger})
    word->store(0, std::memory_order_relaxed);
}

void name_process(MemberRecord& record, const os::ProcessIdentity& self) noexcept {
  // relaxed: both: published by the store of the state
  record.pid.store(self.pid, std::memory_order_relaxed);
  record.start_time.store(self.start_time, std::memory_order_relaxed);
}

}  // namespace

std::optional<Members::Free> Members::find_free() noexcept {
  auto& cursor = windows_.header().member_cursor;
  std::uint32_t start = cursor.load(std::memory_order_relaxed);  // relaxed: a hint, under the members' lock
  for (std::uint32_t i = 0; i < kMaxMembers; ++i) {
    std::uint32_t slot = (start + i) % kMaxMembers;
    std::uint64_t state = record(slot).state.load(std::memory_order_relaxed);  // relaxed: under the members' lock
    if (state_of(state) != MemberState::free) continue;
    cursor.store((slot + 1) % kMaxMembers, std::memory_order_relaxed);  // relaxed: a hint
    std::uint32_t generation = generation_of(state) + 1;
    return Free{slot, generation != 0 ? generation : 1};
  }
  return std::nullopt;
}

// A step of the table of states; under the lock, so nobody else moves the slot.
bool Members::move(MemberId id, MemberState from, MemberState to) noexcept {
  auto& state = record(id.slot).state;
  std::uint64_t expected = word(id.generation, from);
  // SYNC(member): release here -> acquire in state(), identity(); carries the record's fields
  return state.compare_exchange_strong(expected, word(id.generation, to), std::memory_order_acq_rel,
                                       std::memory_order_acquire);
}

std::optional<MemberId> Members::reserve(MemberId parent, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  guard.mark_repaired();  // a death in a critical section here leaves nothing half done: the state's store is the act
  auto found = find_free();
  if (!found) return std::nullopt;
  MemberRecord& slot = record(found->slot);
  clear(slot);
  slot.parent.store(parent.pack(), std::memory_order_relaxed);  // relaxed: published by the store of the state
  COHORT_CRASH_POINT("shm.reserve.before_commit");
  // SYNC(member): as in move()
  slot.state.store(word(found->generation, MemberState::reserved), std::memory_order_release);
  COHORT_CRASH_POINT("shm.reserve.committed");
  return MemberId{found->slot, found->generation};
}

std::optional<MemberId> Members::join(const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  guard.mark_repaired();
  auto found = find_free();
  if (!found) return std::nullopt;
  MemberRecord& slot = record(found->slot);
  clear(slot);
  name_process(slot, self);
  slot.flags.store(kReleasesItself, std::memory_order_relaxed);  // relaxed: published by the store of the state
  COHORT_CRASH_POINT("shm.join.before_commit");
  // SYNC(member): as in move()
  slot.state.store(word(found->generation, MemberState::live), std::memory_order_release);
  COHORT_CRASH_POINT("shm.join.committed");
  return MemberId{found->slot, found->generation};
}

bool Members::claim(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  if (state(id) != MemberState::reserved) return false;
  name_process(record(id.slot), self);
  COHORT_CRASH_POINT("shm.become.before_commit");
  bool moved = move(id, MemberState::reserved, MemberState::live);
  COHORT_CRASH_POINT("shm.become.committed");
  return moved;
}

bool Members::give_up(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  if (state(id) != MemberState::reserved) return false;
  name_process(record(id.slot), {});  // a claim may have died half-way
  bool moved = move(id, MemberState::reserved, MemberState::left);
  COHORT_CRASH_POINT("shm.give_up.committed");
  return moved;
}

void Members::leave(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  bool frees = (record(id.slot).flags.load(std::memory_order_relaxed) & kReleasesItself) != 0;  // relaxed: constant
  (void)move(id, MemberState::live, frees ? MemberState::free : MemberState::left);
  COHORT_CRASH_POINT("shm.leave.committed");
}

void Members::bury(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  bool frees = (record(id.slot).flags.load(std::memory_order_relaxed) & kReleasesItself) != 0;  // relaxed: constant
  MemberState to = frees ? MemberState::free : MemberState::dead;
  COHORT_CRASH_POINT("shm.bury.before_commit");
  if (!move(id, MemberState::live, to)) (void)move(id, MemberState::left, to);
  COHORT_CRASH_POINT("shm.bury.committed");
}

// The process first, then the count: who reads the new count sees the new process, and is told that it lives.
bool Members::take_over(MemberId id, std::uint32_t flags, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  MemberState now = state(id);
  if ((now != MemberState::live && now != MemberState::left) || !is_still(id, flags)) return false;
  MemberRecord& slot = record(id.slot);
  name_process(slot, self);
  COHORT_CRASH_POINT("shm.take_over.named");
  // SYNC(take-over): release here -> acquire in flags(); carries the process
  slot.flags.store(flags + kTakeOver, std::memory_order_release);
  COHORT_CRASH_POINT("shm.take_over.counted");
  if (now == MemberState::left) (void)move(id, MemberState::left, MemberState::live);
  COHORT_CRASH_POINT("shm.take_over.live");
  return true;
}

void Members::forsake(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  if (state(id) != MemberState::live) return;
  name_process(record(id.slot), {});
  (void)move(id, MemberState::live, MemberState::left);
}

bool Members::release(MemberId id, const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  bool moved = move(id, MemberState::dead, MemberState::free) || move(id, MemberState::left, MemberState::free);
  COHORT_CRASH_POINT("shm.release.committed");
  return moved;
}

MemberState Members::state(MemberId id) noexcept {
  // SYNC(member): release in move(), reserve(), join() -> acquire here; carries the record's fields
  std::uint64_t now = record(id.slot).state.load(std::memory_order_acquire);
  return id && generation_of(now) == id.generation ? state_of(now) : MemberState::free;
}

os::ProcessIdentity Members::identity(MemberId id) noexcept {
  MemberRecord& slot = record(id.slot);
  MemberState before = state(id);
  if (before == MemberState::free || before == MemberState::reserved) return {};
  // SYNC(member): acquire keeps the second look at the state behind these loads; it tells whether they belong together
  os::ProcessIdentity found{slot.pid.load(std::memory_order_acquire), slot.start_time.load(std::memory_order_acquire)};
  return state(id) == MemberState::free ? os::ProcessIdentity{} : found;
}

MemberId Members::parent(MemberId id) noexcept {
  return MemberId::unpack(record(id.slot).parent.load(std::memory_order_relaxed));  // relaxed: constant once published
}

std::uint32_t Members::flags(MemberId id) noexcept {
  // SYNC(take-over): acquire here <- release in take_over(); carries the process
  return record(id.slot).flags.load(std::memory_order_acquire);
}

bool Members::nobody_asks_for(MemberId id) noexcept {
  return (flags(id) & kReleasesItself) != 0 || !is_alive(parent(id));
}

bool Members::is_alive(MemberId id) noexcept {
  // Parents of reserved slots of parents …: each step needs a reserved slot whose parent is reserved itself, which
  // only a stray write can make. The bound ends the walk then.
  for (int depth = 0; depth < 8; ++depth) {
    switch (state(id)) {
      case MemberState::live:
      case MemberState::left: return os::is_alive(identity(id));
      case MemberState::reserved: id = parent(id); continue;
      default: return false;
    }
  }
  return false;
}

const char* Members::validate(const os::ProcessIdentity& self) {
  LockGuard guard(windows_.header().member_lock, self);
  for (std::uint32_t i = 0; i < kMaxMembers; ++i) {
    std::uint64_t now = record(i).state.load(std::memory_order_relaxed);  // relaxed: under the members' lock
    if (static_cast<std::uint32_t>(now) > static_cast<std::uint32_t>(MemberState::dead))
      return "a member's state is unsound";
    if (state_of(now) != MemberState::free && generation_of(now) == 0) return "a member has no generation";
    // relaxed: under the members' lock
    if (state_of(now) == MemberState::live && record(i).pid.load(std::memory_order_relaxed) <= 0)
      return "a live member has no process";
  }
  return nullptr;
}

}  // namespace cohort::family
