// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_mutex_core.hpp"

#include "base/crash_point.hpp"
#include "sync/stop_waker.hpp"

namespace cohort::sync {

namespace {

// Where a thread looks first: threads of one process and of several come to lie on different lines.
std::uint32_t first_place(const ThreadSelf& self) noexcept {
  return static_cast<std::uint32_t>(self.word * 0x9e3779b97f4a7c15u >> 56) % SharedMutexBody::kReaders;
}

}  // namespace

std::atomic<std::uint64_t>* SharedMutexCore::enter(const ThreadSelf& self) noexcept {
  std::uint32_t at = first_place(self);
  for (std::uint32_t i = 0; i < SharedMutexBody::kReaders; ++i, at = (at + 1) % SharedMutexBody::kReaders) {
    std::uint64_t free = 0;
    // relaxed: the compare-exchange decides
    if (body_.readers[at].load(std::memory_order_relaxed) != 0) continue;
    // SYNC(reader): before the look at the writer in acquire_shared(); the other side: the writer, then a fence, then the
    // places in await_readers(): either we see the writer or it sees us
    if (body_.readers[at].compare_exchange_strong(free, self.word, std::memory_order_seq_cst))
      return &body_.readers[at];
  }
  return nullptr;
}

void SharedMutexCore::leave(std::atomic<std::uint64_t>& place, ThreadSelf& self) noexcept {
  // SYNC(places): release here -> acquire in await_readers(); carries that we have finished reading
  place.store(0, std::memory_order_release);
  System::light_fence(self);
  if (body_.drain.load(std::memory_order_relaxed) == 0) [[likely]]  // relaxed: ordered by the fence
    return;
  COHORT_CRASH_POINT("sync.shared_mutex.left_before_wake");
  body_.drain.store(0, std::memory_order_relaxed);  // relaxed: all are woken; the futex call orders
  System::wake_all(body_.drain);
}

Acquired SharedMutexCore::acquire_shared(ThreadSelf& self, Deadline deadline, const std::stop_token* stop) {
  System::Spin spin(false);
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
  } while (!deadline.expired() && spin.again());
  return acquire_shared_slowly(self, deadline, stop);
}

// In a queue with the writers: whoever has their lock has no writer beside it and may go in.
Acquired SharedMutexCore::acquire_shared_slowly(ThreadSelf& self, Deadline deadline, const std::stop_token* stop) {
  Acquired result = LockCore::acquire(body_.writer, self, deadline, stop);
  if (result != Acquired::yes) return result;
  COHORT_CRASH_POINT("sync.shared_mutex.queued");
  auto* place = enter(self);
  if (place == nullptr) {
    // All places are taken: wait until one is free. Writers and further readers wait behind us meanwhile.
    result = await_place(self, deadline, stop, [&] { return (place = enter(self)) != nullptr; });
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

bool SharedMutexCore::is_shared_by(const ThreadSelf& self) const noexcept {
  for (const auto& place : body_.readers)
    if (place.load(std::memory_order_relaxed) == self.word) return true;  // relaxed: only we write our name
  return false;
}

Acquired SharedMutexCore::acquire(ThreadSelf& self, Deadline deadline, const std::stop_token* stop) {
  Acquired result = LockCore::acquire(body_.writer, self, deadline, stop);
  if (result != Acquired::yes) return result;
  COHORT_CRASH_POINT("sync.shared_mutex.draining");
  result = await_readers(self, deadline, stop);
  if (result != Acquired::yes) LockCore::release(body_.writer, self);
  return result;
}

Acquired SharedMutexCore::await_readers(ThreadSelf& self, Deadline deadline, const std::stop_token* stop) {
  // SYNC(reader): between the store of the writer's word in acquire() and the looks at the places; see enter()
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (auto& place : body_.readers) {
    // SYNC(places): acquire here <- release in leave()
    std::uint64_t thread = place.load(std::memory_order_acquire);
    if (thread == 0) [[likely]]
      continue;
    if (thread == self.word) return Acquired::deadlock;
    // SYNC(places): as above
    Acquired result = await_place(self, deadline, stop, [&] { return place.load(std::memory_order_acquire) == 0; });
    if (result != Acquired::yes) return result;
  }
  return Acquired::yes;
}

template <class Done>
Acquired SharedMutexCore::await_place(ThreadSelf& self, Deadline deadline, const std::stop_token* stop, Done&& done) {
  System::Spin spin(false);
  do {
    if (done()) return Acquired::yes;
  } while (!deadline.expired() && spin.again());
  StopWaker<System> waker(stop, body_.drain);
  System::Patience patience;
  while (true) {
    bool stopped = stop_is_requested(stop);
    if (done()) return Acquired::yes;
    if (stopped) return Acquired::stopped;
    if (deadline.expired()) return Acquired::timed_out;
    // relaxed: ordered by the fence
    std::uint32_t expected = body_.drain.fetch_or(kAsleep, std::memory_order_relaxed) | kAsleep;
    System::heavy_fence(self);
    if (done()) return Acquired::yes;
    if (stop_is_requested(stop)) continue;
    COHORT_CRASH_POINT("sync.shared_mutex.about_to_sleep");
    auto result = System::sleep(body_.drain, expected, Deadline::earlier(deadline, patience.next()));
    if (result != os::FutexWait::timed_out) continue;
    patience.lengthen();
    free_dead_readers(self);
  }
}

void SharedMutexCore::free_dead_readers(ThreadSelf& self) noexcept {
  mend(self, [](std::uint64_t thread) { return System::is_dead(thread, false); });
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
  if (!freed) return;
  body_.drain.store(0, std::memory_order_relaxed);  // relaxed: all are woken; the futex call orders
  System::wake_all(body_.drain);
}

std::uint32_t SharedMutexCore::readers() const noexcept {
  std::uint32_t count = 0;
  for (const auto& place : body_.readers) count += place.load(std::memory_order_relaxed) != 0;  // relaxed: old at once
  return count;
}

}  // namespace cohort::sync
