// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/lock.hpp"

#include <new>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "sync/owner.hpp"
#include "sync/user_lock.hpp"

namespace cohort {

namespace {

using sync::LockBody;

LockBody& body_of(void* body) { return *static_cast<LockBody*>(body); }

const object::ObjectOperations operations{.member_died = [](family::Offset, void* body, family::MemberId dead) {
  sync::repair_user_lock(body_of(body), dead);
}};
const bool lock_registered = object::register_object_kind(detail::ObjectKind::lock, operations);
const bool rlock_registered = object::register_object_kind(detail::ObjectKind::rlock, operations);

}  // namespace

namespace sync {

std::optional<LockOwner> owner_of(std::uint64_t word) {
  if (word == kFree) return std::nullopt;
  ThreadWord name = ThreadWord::unpack(word);
  family::Family& family = family::Family::instance();
  const auto* record =
      family.at<family::MemberRecord>(family.places().members + name.slot * sizeof(family::MemberRecord));
  // relaxed: both: for people
  std::uint64_t state = record->state.load(std::memory_order_relaxed);
  bool known = name.is_of({name.slot, family::Members::generation_of(state)});
  return LockOwner{known ? record->pid.load(std::memory_order_relaxed) : 0, static_cast<std::int32_t>(name.tid)};
}

}  // namespace sync

namespace detail {

namespace {

bool poisons(ObjectKind kind, const LockOptions& options) {
  if (options.on_owner_death == OwnerDeath::ignore)
    throw ValueError(kind == ObjectKind::rlock ? "RLock" : "Lock", "OwnerDeath::ignore",
                     "a lock whose holder died does not stay locked: choose report or poison");
  return options.on_owner_death == OwnerDeath::poison;
}

}  // namespace

LockHandle::LockHandle(ObjectKind kind, const LockOptions& options)
    : SharedHandle(kind, sizeof(LockBody), [poisons = poisons(kind, options)](void* body) {
        auto* lock = new (body) LockBody;
        lock->options.store(poisons ? sync::kPoisons : 0, std::memory_order_relaxed);  // relaxed: nobody sees it yet
      }) {}

bool LockHandle::locked() const { return sync::LockCore::owner(body_of(body())) != sync::kFree; }

std::optional<LockOwner> LockHandle::owner() const { return sync::owner_of(sync::LockCore::owner(body_of(body()))); }

bool LockHandle::owned() const { return sync::LockCore::owner(body_of(body())) == sync::this_thread().word; }

bool LockHandle::owner_died() const {
  return body_of(body()).died.load(std::memory_order_relaxed) != 0;  // relaxed: exact for the holder, else a hint
}

void LockHandle::mark_consistent() {
  LockBody& lock = body_of(body());
  if (!owned())
    throw StateError(object::header_of(&lock).kind == static_cast<std::uint32_t>(ObjectKind::rlock)
                         ? "RLock.mark_consistent"
                         : "Lock.mark_consistent",
                     "", "only the thread that holds the lock can say that its data is sound");
  lock.died.store(0, std::memory_order_relaxed);  // relaxed: under the lock
}

}  // namespace detail

bool Lock::acquire(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::succeeded(sync::acquire_user_lock(lock, sync::this_thread(), false, until, {"Lock", "acquire"}),
                         "Lock.acquire");
}

bool Lock::try_acquire(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::acquire_user_lock(lock, sync::this_thread(), false, until, {"Lock", "try_acquire"}) ==
         sync::Acquired::yes;
}

void Lock::release() try {
  LockBody& lock = body_of(body());
  sync::release_user_lock(lock, sync::this_thread(), false, {"Lock", "release"});
} catch (const StateError&) { sync::rethrow_unless_left(); }

bool Lock::recover(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::recover_user_lock(lock, sync::this_thread(), false, until, {"Lock", "recover"});
}

bool RLock::acquire(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::succeeded(sync::acquire_user_lock(lock, sync::this_thread(), true, until, {"RLock", "acquire"}),
                         "RLock.acquire");
}

bool RLock::try_acquire(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::acquire_user_lock(lock, sync::this_thread(), true, until, {"RLock", "try_acquire"}) ==
         sync::Acquired::yes;
}

void RLock::release() try {
  LockBody& lock = body_of(body());
  sync::release_user_lock(lock, sync::this_thread(), true, {"RLock", "release"});
} catch (const StateError&) { sync::rethrow_unless_left(); }

bool RLock::recover(const Until& until) {
  LockBody& lock = body_of(body());
  return sync::recover_user_lock(lock, sync::this_thread(), true, until, {"RLock", "recover"});
}

}  // namespace cohort
