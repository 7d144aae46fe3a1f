// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/semaphore.hpp"

#include <new>
#include <string>

#include "cohort/base/error.hpp"
#include "object/objects.hpp"
#include "object/watch_point.hpp"
#include "sync/owned_semaphore_core.hpp"
#include "sync/user_lock.hpp"

namespace cohort::detail {

namespace {

using sync::OwnedSemaphoreCore;
using sync::SemaphoreBody;
using sync::SemaphoreCore;

SemaphoreBody& body_of(void* body) { return *static_cast<SemaphoreBody*>(body); }

bool has_owners(const SemaphoreBody& body) { return OwnedSemaphoreCore::places(body) != 0; }

const char* type_of(ObjectKind kind) {
  return kind == ObjectKind::bounded_semaphore ? "BoundedSemaphore" : "Semaphore";
}

// What the user called, for messages.
std::string call(const SemaphoreBody* body, const char* verb) {
  return std::string(type_of(static_cast<ObjectKind>(object::header_of(body).kind))) + '.' + verb;
}

std::uint32_t checked(ObjectKind kind, int value) {
  if (value < 0) throw ValueError(type_of(kind), std::to_string(value), "the number of permits cannot be negative");
  return static_cast<std::uint32_t>(value);
}

// How many permits with owners the options ask for.
std::uint32_t owned(ObjectKind kind, int value, const SemaphoreOptions& options) {
  if (options.on_owner_death == OwnerDeath::poison)
    throw ValueError(type_of(kind), "OwnerDeath::poison", "a semaphore cannot be poisoned: choose ignore or report");
  if (options.on_owner_death == OwnerDeath::ignore) return 0;
  if (value < 1 || checked(kind, value) > sync::kMostOwnedPermits)
    throw ValueError(type_of(kind), std::to_string(value),
                     "a semaphore whose permits have owners has from 1 to " + std::to_string(sync::kMostOwnedPermits));
  return checked(kind, value);
}

void member_died(family::Offset, void* place, family::MemberId dead) {
  SemaphoreBody& body = body_of(place);
  if (has_owners(body) && OwnedSemaphoreCore::release_dead(body, sync::this_thread(), dead.pack()))
    object::Objects::instance().ring(place);  // behind the fence in release_dead()
}

object::WatchPoint watch_point(void* place) {
  auto ready = [](const object::WatchPoint& point) noexcept {
    const SemaphoreBody& body = body_of(point.body);
    // SYNC(permit): release in the semaphore's release() -> acquire here
    return body.value.load(std::memory_order_acquire) != 0 || OwnedSemaphoreCore::is_there(body);
  };
  return {.body = place, .ready = ready};
}

constexpr object::ObjectOperations operations{.member_died = member_died, .watch_point = watch_point};
const bool registered = object::register_object_kind(ObjectKind::semaphore, operations) &&
                        object::register_object_kind(ObjectKind::bounded_semaphore, operations);

sync::Acquired acquire_owned(SemaphoreBody& body, const Until& until) {
  sync::ThreadSelf& self = sync::this_thread();
  auto result = OwnedSemaphoreCore::acquire(body, self, until);
  if (result != sync::Acquired::timed_out) return result;
  // For those who only ever try. Where to begin to look is this thread's own, so that all owners have their turn.
  thread_local std::uint32_t next = 0;
  if (!sync::may_look_for_death()) return result;
  next = next % OwnedSemaphoreCore::places(body);
  return OwnedSemaphoreCore::take_over(body, self, next, false) ? sync::Acquired::yes : result;
}

sync::Acquired acquire_permit(SemaphoreBody& body, const Until& until) {
  if (SemaphoreCore::try_acquire(body)) return sync::Acquired::yes;
  return has_owners(body) ? acquire_owned(body, until) : SemaphoreCore::acquire_slowly(body, until);
}

}  // namespace

SemaphoreHandle::SemaphoreHandle(ObjectKind kind, int value, bool bounded, const SemaphoreOptions& options)
    : SharedHandle(kind, OwnedSemaphoreCore::size_for(owned(kind, value, options)),
                   [value = checked(kind, value), bounded, places = owned(kind, value, options)](void* body) {
                     auto* semaphore = new (body) SemaphoreBody;
                     // relaxed: all: nobody sees it yet
                     semaphore->places.store(places, std::memory_order_relaxed);
                     if (places != 0) return;
                     semaphore->value.store(value, std::memory_order_relaxed);
                     semaphore->most.store(bounded ? value : sync::kMostPermits, std::memory_order_relaxed);
                   }) {}

bool SemaphoreHandle::acquire(const Until& until) {
  SemaphoreBody& semaphore = body_of(body());
  if (SemaphoreCore::try_acquire(semaphore)) return true;
  const sync::Acquired result = acquire_permit(semaphore, until);
  if (result == sync::Acquired::stopped) throw_stopped(call(&semaphore, "acquire"));
  return result == sync::Acquired::yes;
}

bool SemaphoreHandle::try_acquire(const Until& until) {
  return acquire_permit(body_of(body()), until) == sync::Acquired::yes;
}

void SemaphoreHandle::release(int count) try {
  SemaphoreBody& semaphore = body_of(body());
  if (count < 1) throw ValueError(call(&semaphore, "release"), std::to_string(count), "the count must be at least 1");
  // The thread's name is not needed: one that has none yet only takes a fence too many.
  if (!SemaphoreCore::release(semaphore, sync::thread_self, static_cast<std::uint32_t>(count))) release_slowly(count);
  object::Objects::instance().ring(&semaphore);  // behind the fence in release()
} catch (const StateError&) { sync::rethrow_unless_left(); }

// Permits with owners leave no room in `most`.
void SemaphoreHandle::release_slowly(int count) {
  SemaphoreBody& semaphore = body_of(body());
  if (!has_owners(semaphore))
    throw StateError(call(&semaphore, "release"), "",
                     "semaphore or lock released too many times: it has all permits that it may have");
  if (!OwnedSemaphoreCore::release(semaphore, sync::this_thread(), static_cast<std::uint32_t>(count)))
    throw StateError(call(&semaphore, "release"), std::to_string(count),
                     "semaphore or lock released too many times: this process has not so many of its permits");
}

int SemaphoreHandle::get_value() const {
  const SemaphoreBody& semaphore = body_of(body());
  if (has_owners(semaphore)) return static_cast<int>(OwnedSemaphoreCore::value(semaphore));
  return static_cast<int>(semaphore.value.load(std::memory_order_relaxed));  // relaxed: old at once
}

int SemaphoreHandle::max() const {
  const SemaphoreBody& semaphore = body_of(body());
  if (has_owners(semaphore)) return static_cast<int>(OwnedSemaphoreCore::places(semaphore));
  return static_cast<int>(semaphore.most.load(std::memory_order_relaxed));  // relaxed: constant
}

bool SemaphoreHandle::owner_died() const {
  return body_of(body()).died.load(std::memory_order_relaxed) != 0;  // relaxed: carried by the permit, else a hint
}

void SemaphoreHandle::mark_consistent() {
  SemaphoreBody& semaphore = body_of(body());
  if (OwnedSemaphoreCore::held(semaphore, sync::this_thread()) == 0)
    throw StateError(call(&semaphore, "mark_consistent"), "",
                     "only a process that has one of its permits can say that all is sound");
  semaphore.died.store(0, std::memory_order_relaxed);  // relaxed: carried by the permit
}

}  // namespace cohort::detail
