// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/semaphore.hpp"

#include <new>
#include <string>

#include "cohort/base/error.hpp"
#include "shm/objects.hpp"
#include "sync/semaphore_core.hpp"

namespace cohort::detail {

namespace {

using sync::SemaphoreBody;
using sync::SemaphoreCore;

SemaphoreBody& body_of(void* body) { return *static_cast<SemaphoreBody*>(body); }

int checked(int value) {
  if (value < 0) throw ValueError("Semaphore", std::to_string(value), "the number of permits cannot be negative");
  return value;
}

}  // namespace

SemaphoreHandle::SemaphoreHandle(ObjectKind kind, int value, bool bounded)
    : SharedHandle(kind, sizeof(SemaphoreBody), [value = checked(value), bounded](void* body) {
        auto* semaphore = new (body) SemaphoreBody;
        auto permits = static_cast<std::uint32_t>(value);
        semaphore->value.store(permits, std::memory_order_relaxed);  // relaxed: nobody sees
        semaphore->most.store(bounded ? permits : sync::kMostPermits, std::memory_order_relaxed);  // relaxed: it yet
      }) {}

bool SemaphoreHandle::acquire(Deadline deadline) {
  SemaphoreBody& semaphore = body_of(body());
  if (SemaphoreCore::try_acquire(semaphore)) return true;
  return SemaphoreCore::acquire_slowly(semaphore, sync::this_thread(), deadline, nullptr) == sync::Acquired::yes;
}

bool SemaphoreHandle::acquire(std::stop_token stop, Deadline deadline) {
  SemaphoreBody& semaphore = body_of(body());
  return SemaphoreCore::acquire(semaphore, sync::this_thread(), deadline, &stop) == sync::Acquired::yes;
}

void SemaphoreHandle::release(int count) {
  SemaphoreBody& semaphore = body_of(body());
  if (count < 1) throw ValueError("Semaphore.release", std::to_string(count), "the count must be at least 1");
  // The thread's name is not needed: one that has none yet only takes a fence too many.
  if (!SemaphoreCore::release(semaphore, sync::thread_self, static_cast<std::uint32_t>(count)))
    throw StateError("Semaphore.release", "",
                     "semaphore or lock released too many times: it has all permits that it may have");
  shm::Objects::instance().ring(&semaphore);  // behind the fence in release()
}

int SemaphoreHandle::get_value() const {
  return static_cast<int>(body_of(body()).value.load(std::memory_order_relaxed));  // relaxed: old at once
}

int SemaphoreHandle::max() const {
  return static_cast<int>(body_of(body()).most.load(std::memory_order_relaxed));  // relaxed: constant
}

}  // namespace cohort::detail
