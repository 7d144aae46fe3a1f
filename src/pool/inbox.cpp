// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/inbox.hpp"

#include <algorithm>
#include <iterator>

#include "cohort/base/handle.hpp"
#include "os/cpu.hpp"
#include "park/wait_word.hpp"
#include "pool/ring.hpp"
#include "pool/task_table.hpp"

namespace cohort::detail {

void Inbox::take_completions(TaskTable& tasks, Deliveries& batch) {
  for (std::uint32_t w = 0; w < pool_.worker_capacity && !batch.full(); ++w) {
    // Results lie in the worker's cache: they are asked for together before the first is needed.
    std::uint64_t entries[Deliveries::kMost];
    std::size_t count = 0;
    for (std::size_t room = batch.room(); count < room; ++count) {
      auto entry = ring_pop(workers_[w].completions);
      if (!entry) break;
      __builtin_prefetch(&pool_.tasks[*entry & (kTaskCapacity - 1)].result);
      entries[count] = *entry;
    }
    for (std::size_t i = 0; i < count; ++i) {
      // SYNC(ring): the worker's release store in ring_write() -> ring_pop(); carries outcome and result, which were
      // written before
      if (tasks.take(entries[i], batch)) dispatcher_.note_done_by(w);
    }
  }
}

void Inbox::note_completions(TaskTable& tasks) {
  for (std::uint32_t w = 0; w < pool_.worker_capacity; ++w)
    while (auto entry = ring_pop(workers_[w].completions)) tasks.note_done(*entry);  // SYNC(ring): as above
}

void Inbox::worker_died(std::uint32_t worker) noexcept { ring_repair(workers_[worker].completions); }

bool Inbox::pending() const noexcept {
  for (std::uint32_t w = 0; w < pool_.worker_capacity; ++w)
    if (ring_has_entries(workers_[w].completions)) return true;
  return false;
}

void Inbox::notify() noexcept { park::WaitWord(pool_.doorbell, park::Mark()).notify(park::WaitWord::kAll); }

void Inbox::delivery_ends(std::uint32_t own_waiters) noexcept {
  // SYNC(delivering): this release -> is_delivering() acquire load
  delivering_.fetch_sub(1, std::memory_order_release);
  // SYNC(waiters): this fence pairs with the one in wait(): either we see the waiter or it sees what we have delivered
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (pool_.waiters.load(std::memory_order_relaxed) > own_waiters) notify();  // relaxed: ordered by the fence
}

bool Inbox::wait(FunctionRef<bool(std::uint32_t)> look, Deadline deadline, FunctionRef<Deadline()> rest) {
  if (look(0)) return true;
  if (deadline.expired()) return false;
  // Before the spin, which may last longer than the deadline, in each of any number of waits.
  (void)rest();
  int cpu = os::current_cpu();
  if (pool_.owner_cpu.load(std::memory_order_relaxed) != cpu)
    pool_.owner_cpu.store(cpu,
                          std::memory_order_relaxed);  // relaxed: a hint, and written rarely, as workers read it often
  park::Spin spin = dispatcher_.spin_for_results(cpu);
  while (spin.again())
    if (pending() && look(0)) return true;
  pool_.waiters.fetch_add(1, std::memory_order_relaxed);  // relaxed: ordered by the fence
  ScopeExit leave(
      [&] { pool_.waiters.fetch_sub(1, std::memory_order_relaxed); });  // relaxed: a late sight costs a wake-up
  // SYNC(waiters): this fence pairs with those in Worker::notify_owner() and delivery_ends(): either the worker sees us
  // or we see its entry, and what other threads deliver. Once, as the count stays: who sees it changes the doorbell
  // after that.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  while (true) {
    // SYNC(doorbell): acquire here and below; carries what was notified (other side: WaitWord::notify())
    std::uint32_t seen = pool_.doorbell.load(std::memory_order_acquire);
    if (look(1)) return true;
    if (deadline.expired()) return false;
    // A worker that was killed before it could notify is found by the rest's end, should its death go unnoticed.
    Deadline until = Deadline::earlier(Deadline::earlier(deadline, Deadline(park::kLongestRest)), rest());
    // SYNC(doorbell): as above
    auto notified = [&] { return pool_.doorbell.load(std::memory_order_acquire) != seen; };
    park::Hooks hooks{.spin = park::kNoSpin, .patience = park::Patience::of_a_rest()};
    (void)park::WaitWord(pool_.doorbell, park::Mark()).wait(notified, until, hooks);
  }
}

}  // namespace cohort::detail
