// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/shared_mutex.hpp"

#include <new>

#include "cohort/base/error.hpp"
#include "object/objects.hpp"
#include "sync/shared_mutex_core.hpp"
#include "sync/user_lock.hpp"

namespace cohort {

namespace {

using sync::SharedMutexBody;
using sync::SharedMutexCore;

SharedMutexBody& body_of(void* body) { return *static_cast<SharedMutexBody*>(body); }

void member_died(family::Offset, void* place, family::MemberId dead) {
  SharedMutexBody& body = body_of(place);
  SharedMutexCore(body).mend(sync::this_thread(),
                             [dead](std::uint64_t thread) { return sync::ThreadWord::unpack(thread).is_of(dead); });
  sync::repair_user_lock(body.writer, dead);
}

const bool registered = object::register_object_kind(detail::ObjectKind::shared_mutex, {.member_died = member_died});

// For those who only ever try: puts away the dead, if it is time to look. True when it looked.
bool mend(SharedMutexBody& mutex, sync::ThreadSelf& self) {
  if (!sync::may_look_for_death()) return false;
  SharedMutexCore(mutex).mend(self, [](std::uint64_t thread) { return sync::thread_is_dead(thread, false); });
  std::uint64_t writer = sync::LockCore::owner(mutex.writer);
  if (writer != sync::kFree && sync::thread_is_dead(writer, false))
    sync::LockCore::release_dead(mutex.writer, self, writer);
  return true;
}

bool is_writer(const SharedMutexBody& body, const sync::ThreadSelf& self) {
  return sync::LockCore::owner(body.writer) == self.word;
}

sync::Acquired acquire_for_writing(SharedMutexBody& mutex, const Until& until, const char* operation) {
  sync::ThreadSelf& self = sync::this_thread();
  if (is_writer(mutex, self)) throw StateError(operation, "", "this thread holds it for writing already");
  auto result = SharedMutexCore(mutex).acquire(self, until);
  if (result == sync::Acquired::timed_out && mend(mutex, self))
    result = SharedMutexCore(mutex).acquire(self, Deadline::now());
  if (result == sync::Acquired::deadlock)
    throw StateError(operation, "", "this thread holds it for reading and would wait for itself");
  return result;
}

sync::Acquired acquire_for_reading(SharedMutexBody& mutex, const Until& until, const char* operation) {
  sync::ThreadSelf& self = sync::this_thread();
  if (is_writer(mutex, self))
    throw StateError(operation, "", "this thread holds it for writing and would wait for itself");
  auto result = SharedMutexCore(mutex).acquire_shared(self, until);
  if (result == sync::Acquired::timed_out && mend(mutex, self))
    result = SharedMutexCore(mutex).acquire_shared(self, Deadline::now());
  return result;
}

}  // namespace

SharedMutex::SharedMutex()
    : SharedHandle(kKind, sizeof(SharedMutexBody), [](void* body) { new (body) SharedMutexBody; }) {}

bool SharedMutex::acquire(const Until& until) {
  return sync::succeeded(acquire_for_writing(body_of(body()), until, "SharedMutex.acquire"), "SharedMutex.acquire");
}

bool SharedMutex::try_acquire(const Until& until) {
  return acquire_for_writing(body_of(body()), until, "SharedMutex.try_acquire") == sync::Acquired::yes;
}

void SharedMutex::release() try {
  SharedMutexBody& mutex = body_of(body());
  sync::ThreadSelf& self = sync::this_thread();
  if (!is_writer(mutex, self)) sync::throw_not_owner(mutex.writer, {"SharedMutex", "release"});
  SharedMutexCore(mutex).release(self);
} catch (const StateError&) { sync::rethrow_unless_left(); }

bool SharedMutex::acquire_shared(const Until& until) {
  constexpr const char* kCall = "SharedMutex.acquire_shared";
  return sync::succeeded(acquire_for_reading(body_of(body()), until, kCall), kCall);
}

bool SharedMutex::try_acquire_shared(const Until& until) {
  return acquire_for_reading(body_of(body()), until, "SharedMutex.try_acquire_shared") == sync::Acquired::yes;
}

void SharedMutex::release_shared() try {
  SharedMutexBody& mutex = body_of(body());
  if (!SharedMutexCore(mutex).release_shared(sync::this_thread()))
    throw StateError("SharedMutex.release_shared", "",
                     "released too many times: this thread does not hold it for reading");
} catch (const StateError&) { sync::rethrow_unless_left(); }

bool SharedMutex::owner_died() const {
  return body_of(body()).writer.died.load(std::memory_order_relaxed) !=
         0;  // relaxed: exact for the writer, else a hint
}

void SharedMutex::mark_consistent() {
  SharedMutexBody& mutex = body_of(body());
  if (!is_writer(mutex, sync::this_thread()))
    throw StateError("SharedMutex.mark_consistent", "", "only the writer can say that the data is sound");
  mutex.writer.died.store(0, std::memory_order_relaxed);  // relaxed: under the lock
}

}  // namespace cohort
