// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/dispatcher.hpp"

#include <algorithm>

#include "os/cpu.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"

namespace cohort::detail {

Dispatcher::Dispatcher(PoolShared& pool)
    : pool_(pool),
      workers_(workers_of(&pool)),
      cpus_(static_cast<std::uint32_t>(os::usable_cpus())),
      ready_(pool.worker_capacity, false) {}

bool Dispatcher::is_full() noexcept { return ring_is_full(pool_.work, seen_tail_); }

std::uint64_t Dispatcher::push(std::uint64_t entry) {
  if (!kept_.empty() || is_full()) {
    kept_.push_back(entry);
    return kNotInRing;
  }
  std::uint64_t place = pool_.work.head.load(std::memory_order_relaxed);  // relaxed: only we write it
  push_to_ring(entry);
  return place;
}

void Dispatcher::push_to_ring(std::uint64_t entry) noexcept {
  ring_push(pool_.work, entry);
  // SYNC(idle), SYNC(busy): this fence pairs with those in sleep_for_work() and become_busy(): either the worker sees
  // the entry or we see that it sleeps, or is busy
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (anyone_idle(pool_) && !enough_are_awake()) wake_for_work(pool_, last_worker_);
}

void Dispatcher::push_map(std::uint64_t entry, std::uint64_t chunks) {
  if (push(kJobEntry | entry) == kNotInRing) return;
  for (std::uint64_t chunk = 1; chunk < chunks && wake_sleeper(pool_); ++chunk) {}
}

void Dispatcher::push_kept(FunctionRef<bool(std::uint64_t, std::uint64_t)> place) {
  while (!kept_.empty() && !is_full()) {
    std::uint64_t entry = kept_.front();
    kept_.pop_front();
    // relaxed: only we write it
    if (place(entry, pool_.work.head.load(std::memory_order_relaxed))) push_to_ring(entry);
  }
}

// True when no more tasks have not ended than workers are awake: each task has one then that runs it, or that looks at
// the ring before it sleeps. A look at our own accounts and at `idle`, which changes rarely; nothing of what workers
// write for each task. The caller has pushed an entry, and a fence is between.
bool Dispatcher::enough_are_awake() noexcept {
  if (open_maps_ != 0) return false;  // a worker in a map does not look
  for (std::uint32_t w = 0; ready_count_ != ready_.size() && w < ready_.size(); ++w) {
    // relaxed: one that is ready looks before it sleeps
    if (ready_[w] || workers_[w].ready.load(std::memory_order_relaxed) == 0) continue;
    ready_[w] = true;
    ++ready_count_;
  }
  return open_tasks_ + idle_workers(pool_) <= ready_count_;
}

std::uint64_t Dispatcher::taken() const noexcept {
  // SYNC(tail): release exchange in ring_take() -> this load; the taker is dead
  return pool_.work.tail.load(std::memory_order_acquire);
}

void Dispatcher::drop_front_while(FunctionRef<bool(std::uint64_t)> is_void) {
  while (auto front = ring_front(pool_.work)) {
    if (!is_void(front->value)) return;
    (void)ring_take(pool_.work, front->place);
  }
}

void Dispatcher::worker_died(std::uint32_t worker) noexcept {
  if (ready_[worker]) --ready_count_;
  ready_[worker] = false;
  repair_after_death(pool_, worker);
}

void Dispatcher::stop() noexcept {
  // SYNC(stop): this release store -> Worker::run() acquire load; carries nothing
  pool_.stop.store(1, std::memory_order_release);
  for (std::uint32_t w = 0; w < pool_.worker_capacity; ++w) wake_worker(pool_, w);
}

park::Spin Dispatcher::spin_for_results(int own_cpu) const noexcept {
  std::uint32_t count = pool_.worker_capacity;
  std::uint32_t awake = count - std::min(count, idle_workers(pool_));
  // relaxed: a hint
  int partner = awake == 1 ? workers_[first_awake(pool_)].cpu.load(std::memory_order_relaxed) : -1;
  return park::Spin(spin_policy(awake >= cpus_), own_cpu == partner && own_cpu >= 0);
}

}  // namespace cohort::detail
