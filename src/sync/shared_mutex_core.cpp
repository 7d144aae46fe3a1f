// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_mutex_core.hpp"

#include "base/crash_point.hpp"

namespace cohort::sync {

namespace {

// Where a thread looks first: threads of one process and of several come to lie on different lines.
std::uint32_t first_place(const ThreadSelf& self) noexcept {
  return static_cast<std::uint32_t>(self.word * 0x9e3779b97f4a7c15u >> 56) % SharedMutexBody::kReaders;
}

void at_shared_mutex_place(park::Place place) noexcept {
  switch (place) {
    case park::Place::about_to_sleep: COHORT_CRASH_POINT("sync.shared_mutex.about_to_sleep"); break;
    case park::Place::seen: COHORT_CRASH_POINT("sync.shared_mutex.left_before_wake"); break;
    default: break;
  }
}

}  // namespace

std::atomic<std::uint64_t>* SharedMutexCore::enter(const ThreadSelf& self) noexcept {
  std::uint32_t at = first_place(self);
  for (std::uint32_t i = 0; i < SharedMutexBody::kReaders; ++i, at = (at + 1) % SharedMutexBody::kReaders) {
    std::uint64_t free = 0;
    // relaxed: the compare-exchange decides
    if (body_.readers[at].load(std::memory_order_relaxed) != 0) continue;
    // SYNC(reader): before the look at the writer in acquire_shared(); the other side: the writer, then a fence, then
    // the places in await_readers(): either we see the writer or it sees us
    if (body_.readers[at].compare_exchange_strong(free, self.word, std::memory_order_seq_cst))
      return &body_.readers[at];
  }
  return nullptr;
}

void SharedMutexCore::leave(std::atomic<std::uint64_t>& place, ThreadSelf& self) noexcept {
  // SYNC(places): release here -> acquire in await_readers(); carries that we have finished reading
  place.store(0, std::memory_order_release);
  park::WaitWord(body_.drain).wake_all(self.fences, at_shared_mutex_place);
}

Acquired SharedMutexCore::acquire_shared(ThreadSelf& self, const Until& until) {
  park::Spin spin(park::kSpinBeforeSleep);
  do {
    // relaxed: a look, so that readers do not disturb a writer
    if (LockCore::owner(body_.writer) != kFree) continue;
    auto* place = enter(self);
    if (place == nullptr) break;
    COHORT_CRASH_POINT("sync.shared_mutex.entered");
    // SYNC(reader): as in enter(). SYNC(owner): acquires what the last writer released
    std::uint64_t writer = body_.writer.owner.load(std::memory_order_seq_cst);
    if (writer == kFree || writer == kOffered) return Acquired::yes;
    leave(*place, self);
  } while (!until.expired() && spin.again());
  return acquire_shared_slowly(self, until);
}

// In a queue with the writers: whoever has their lock has no writer beside it and may go in.
Acquired SharedMutexCore::acquire_shared_slowly(ThreadSelf& self, const Until& until) {
  Acquired result = LockCore::acquire(body_.writer, self, until);
  if (result != Acquired::yes) return result;
  COHORT_CRASH_POINT("sync.shared_mutex.queued");
  auto* place = enter(self);
  if (place == nullptr) {
    // All places are taken: wait until one is free. Writers and further readers wait behind us meanwhile.
    result = await_place(self, until, [&] { return (place = enter(self)) != nullptr; });
  }
  LockCore::release(body_.writer, self);
  return result;
}

bool SharedMutexCore::release_shared(ThreadSelf& self) noexcept {
  std::uint32_t at = first_place(self);
  for (std::uint32_t i = 0; i < SharedMutexBody::kReaders; ++i, at = (at + 1) % SharedMutexBody::kReaders) {
    // relaxed: only we write our name
    if (body_.readers[at].load(std::memory_order_relaxed) != self.word) continue;
    leave(body_.readers[at], self);
    return true;
  }
  return false;
}

Acquired SharedMutexCore::acquire(ThreadSelf& self, const Until& until) {
  Acquired result = LockCore::acquire(body_.writer, self, until);
  if (result != Acquired::yes) return result;
  COHORT_CRASH_POINT("sync.shared_mutex.draining");
  result = await_readers(self, until);
  if (result != Acquired::yes) LockCore::release(body_.writer, self);
  return result;
}

Acquired SharedMutexCore::await_readers(ThreadSelf& self, const Until& until) {
  // SYNC(reader): between the store of the writer's word in acquire() and the looks at the places; see enter()
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (auto& place : body_.readers) {
    // SYNC(places): acquire here <- release in leave()
    std::uint64_t thread = place.load(std::memory_order_acquire);
    if (thread == 0) [[likely]]
      continue;
    if (thread == self.word) return Acquired::deadlock;
    // SYNC(places): as above
    Acquired result = await_place(self, until, [&] { return place.load(std::memory_order_acquire) == 0; });
    if (result != Acquired::yes) return result;
  }
  return Acquired::yes;
}

// Alone: whoever waits here has the writer's lock.
Acquired SharedMutexCore::await_place(ThreadSelf& self, const Until& until, FunctionRef<bool()> done) {
  auto overdue = [&](const park::Patience&) {
    free_dead_readers(self);
    return false;
  };
  park::Hooks hooks{.at = at_shared_mutex_place, .overdue = overdue};
  return acquired(park::WaitWord(body_.drain).wait(done, until, hooks));
}

void SharedMutexCore::free_dead_readers(ThreadSelf& self) noexcept {
  mend(self, [](std::uint64_t thread) { return thread_is_dead(thread, false); });
}

void SharedMutexCore::mend(ThreadSelf& self, FunctionRef<bool(std::uint64_t)> is_dead) noexcept {
  bool freed = false;
  for (auto& place : body_.readers) {
    std::uint64_t thread = place.load(std::memory_order_relaxed);  // relaxed: compared only
    if (thread == 0 || thread == self.word || !is_dead(thread)) continue;
    // SYNC(places): the death, which the system reported, orders the reader's loads before this
    if (place.compare_exchange_strong(thread, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) freed = true;
    COHORT_CRASH_POINT("sync.shared_mutex.reader_freed");
  }
  if (freed) park::WaitWord(body_.drain).wake_all(self.fences);
}

std::uint32_t SharedMutexCore::readers() const noexcept {
  std::uint32_t count = 0;
  for (const auto& place : body_.readers) count += place.load(std::memory_order_relaxed) != 0;  // relaxed: old at once
  return count;
}

}  // namespace cohort::sync
