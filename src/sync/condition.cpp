// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/condition.hpp"

#include <array>
#include <climits>
#include <new>
#include <optional>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"
#include "sync/condition_core.hpp"
#include "sync/user_lock.hpp"

namespace cohort {

namespace {

using sync::ConditionBody;
using sync::ConditionCore;
using sync::LockBody;

ConditionBody& body_of(void* body) { return *static_cast<ConditionBody*>(body); }

// The lock that guards it, and its recursion.
struct Guard {
  LockBody& lock;
  bool recursive;
};

Guard guard_of(ConditionBody& body) {
  // relaxed: both: constant once the handle can be had
  std::uint64_t lock = body.lock.load(std::memory_order_relaxed);
  bool recursive = body.recursive.load(std::memory_order_relaxed) != 0;
  if (lock == 0) return {body.own_lock, recursive};
  return {*family::Family::instance().at<LockBody>(lock), recursive};
}

sync::ConditionWaiter* find_table(std::uint64_t offset, std::size_t bytes) {
  return reinterpret_cast<sync::ConditionWaiter*>(family::Family::instance().address(offset, bytes));
}

// Named before it is nobody's: a death in between is mended by member_died().
constexpr auto grow = [](std::atomic<std::uint64_t>& word, std::size_t bytes) {
  family::Family& family = family::Family::instance();
  family::Offset block = family.allocate_control(bytes, family.self());
  word.store(block,
             std::memory_order_release);  // SYNC(table): release -> acquire in member_died(); under the lock else
  COHORT_CRASH_POINT("sync.condition.table_named");
  family.set_owner(block, family::kNobody);
};

void member_died(family::Offset, void* place, family::MemberId dead) {
  ConditionBody& body = body_of(place);
  family::Family& family = family::Family::instance();
  for (auto& word : body.tables) {
    // SYNC(table): acquire here <- release in grow()
    std::uint64_t block = word.load(std::memory_order_acquire);
    if (block != 0) (void)family.set_owner(block, dead, family::kNobody);
  }
  Guard guard = guard_of(body);
  sync::repair_user_lock(guard.lock, dead);
  ConditionCore(body, guard.lock, find_table).try_mend(sync::this_thread(), false);
}

void destroy(object::Destroyer& destroyer, void* place) {
  ConditionBody& body = body_of(place);
  for (auto& word : body.tables) destroyer.free_block(word);
  destroyer.free_parcel(body.lock_parcel);
}

const bool registered =
    object::register_object_kind(detail::ObjectKind::condition, {.member_died = member_died, .destroy = destroy});

// For calls that need the lock.
Guard held_guard(ConditionBody& body, const sync::ThreadSelf& self, const char* verb) {
  Guard guard = guard_of(body);
  if (sync::LockCore::owner(guard.lock) != self.word)
    throw StateError(std::string("Condition.") + verb, "", "the caller does not hold the condition's lock");
  return guard;
}

}  // namespace

Condition::Condition()
    : SharedHandle(kKind, sizeof(ConditionBody), [](void* place) {
        auto* body = new (place) ConditionBody;
        body->recursive.store(1, std::memory_order_relaxed);  // relaxed: nobody sees it yet
      }) {}

Condition::Condition(const Lock& lock) : Condition(lock, false) {}
Condition::Condition(const RLock& lock) : Condition(lock, true) {}

// The given lock and what keeps it alive come in one step, after the condition is listed: whoever dies before has made
// a condition with a lock of its own, or nothing.
Condition::Condition(const detail::LockHandle& lock, bool recursive)
    : SharedHandle(
          kKind, sizeof(ConditionBody),
          [recursive](void* place) {
            auto* body = new (place) ConditionBody;
            body->recursive.store(recursive ? 1 : 0, std::memory_order_relaxed);  // relaxed: nobody sees it yet
          },
          [lock](void* place) {
            ConditionBody& body = body_of(place);
            family::Family& family = family::Family::instance();
            std::array<family::Offset, 1> objects{lock.name().offset};
            object::Parcel parcel(objects);
            COHORT_CRASH_POINT("sync.condition.lock_held");
            const object::JournalWrite named{family.offset_of(&body.lock),
                                             family.offset_of(detail::HandleAccess::body(lock))};
            parcel.give_to(body.lock_parcel, {&named, 1});
            COHORT_CRASH_POINT("sync.condition.lock_kept");
          }) {}

bool Condition::acquire(const Until& until) {
  Guard guard = guard_of(body_of(body()));
  return sync::succeeded(
      sync::acquire_user_lock(guard.lock, sync::this_thread(), guard.recursive, until, {"Condition", "acquire"}),
      "Condition.acquire");
}

bool Condition::try_acquire(const Until& until) {
  Guard guard = guard_of(body_of(body()));
  return sync::acquire_user_lock(guard.lock, sync::this_thread(), guard.recursive, until,
                                 {"Condition", "try_acquire"}) == sync::Acquired::yes;
}

void Condition::release() try {
  Guard guard = guard_of(body_of(body()));
  sync::release_user_lock(guard.lock, sync::this_thread(), guard.recursive, {"Condition", "release"});
} catch (const StateError&) { sync::rethrow_unless_left(); }

bool Condition::owner_died() const {
  // relaxed: exact for the holder, else a hint
  return guard_of(body_of(body())).lock.died.load(std::memory_order_relaxed) != 0;
}

void Condition::mark_consistent() {
  Guard guard = held_guard(body_of(body()), sync::this_thread(), "mark_consistent");
  guard.lock.died.store(0, std::memory_order_relaxed);  // relaxed: under the lock
}

Condition::End Condition::wait_once(const Until& until) {
  ConditionBody& condition = body_of(body());
  sync::ThreadSelf& self = sync::this_thread();
  Guard guard = held_guard(condition, self, "wait");
  switch (ConditionCore(condition, guard.lock, find_table).wait(self, until, grow)) {
    case sync::Acquired::timed_out: return End::timed_out;
    case sync::Acquired::stopped: return End::stopped;
    default: return End::notified;
  }
}

bool Condition::ended_in_vain(End end) {
  if (end == End::stopped) detail::throw_stopped("Condition.wait");
  return false;
}

bool Condition::wait(const Until& until) {
  End end = wait_once(until);
  return end == End::notified || ended_in_vain(end);
}

void Condition::notify(int count) {
  if (count < 0) throw ValueError("Condition.notify", std::to_string(count), "the count must not be negative");
  ConditionBody& condition = body_of(body());
  sync::ThreadSelf& self = sync::this_thread();
  Guard guard = held_guard(condition, self, "notify");
  if (count == 0) return;
  ConditionCore(condition, guard.lock, find_table).notify(self, static_cast<std::uint32_t>(count));
}

void Condition::notify_all() { notify(INT_MAX); }

int Condition::n_waiting() {
  ConditionBody& condition = body_of(body());
  Guard guard = held_guard(condition, sync::this_thread(), "n_waiting");
  return static_cast<int>(ConditionCore(condition, guard.lock, find_table).waiting());
}

}  // namespace cohort
