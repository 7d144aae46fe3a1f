// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/wake.hpp"

#include "base/crash_point.hpp"
#include "pool/ring.hpp"

namespace cohort::detail {

namespace {

void at_wake_place(park::Place place) noexcept {
  if (place == park::Place::claimed) COHORT_CRASH_POINT("pool.sleeper_counted");
}

void at_sleep_place(park::Place place) noexcept {
  if (place == park::Place::announced) COHORT_CRASH_POINT("pool.idle");
}

void notify(WorkerShared& worker) noexcept { park::WaitWord(worker.wake, park::Mark()).notify(1, at_wake_place); }

// True when the bit was set: it is the caller's to wake that one.
bool claim_sleeper(PoolShared& pool, std::uint32_t worker) noexcept {
  return park::Mark(pool.idle[worker / 64], idle_bit(worker)).take();
}

}  // namespace

void become_busy(PoolShared& pool, std::uint32_t worker, std::uint64_t ours) noexcept {
  workers_of(&pool)[worker].busy.store(1, std::memory_order_relaxed);  // relaxed: ordered by the fence
  // SYNC(busy): this fence pairs with the ones in Dispatcher::push_to_ring() and here: of the owner, which pushed an
  // entry, and those workers that have taken one, the last to pass its fence sees what all others have done, and wakes
  // whom it takes
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (ring_length(pool.work) > ours) wake_for_work(pool, worker, ours);
}

void become_free(PoolShared& pool, std::uint32_t worker) noexcept {
  // relaxed: who sees it late wakes somebody in vain
  workers_of(&pool)[worker].busy.store(0, std::memory_order_relaxed);
}

void sleep_for_work(PoolShared& pool, std::uint32_t worker) {
  // SYNC(idle): the fence of WaitWord::announce() pairs with the one in Dispatcher::push_to_ring(): either we see the
  // entry or the owner sees our bit
  const park::WaitWord word(workers_of(&pool)[worker].wake, park::Mark(pool.idle[worker / 64], idle_bit(worker)),
                            park::Fences::both_full);
  park::Progress progress;
  auto ready = [&] {
    // relaxed: ordered by the fence. Who was woken looks for work as one that is awake does.
    return progress.wakes != 0 || ring_has_entries(pool.work) || pool.stop.load(std::memory_order_relaxed) != 0;
  };
  // One that was taken for awake, because who was to wake it has been stopped or killed, looks again and sleeps on,
  // without spinning.
  park::Hooks hooks{.spin = park::kNoSpin, .patience = park::Patience::of_a_rest(), .at = at_sleep_place};
  (void)word.wait(ready, {}, hooks, progress);
  if (is_idle(pool, worker)) (void)claim_sleeper(pool, worker);
}

void wake_worker(PoolShared& pool, std::uint32_t worker) noexcept {
  (void)claim_sleeper(pool, worker);
  notify(workers_of(&pool)[worker]);
}

bool wake_sleeper(PoolShared& pool) noexcept {
  for (std::uint32_t i = 0; i < idle_words(pool); ++i) {
    // relaxed: the claim decides
    while (std::uint64_t sleepers = pool.idle[i].load(std::memory_order_relaxed)) {
      std::uint32_t worker = i * 64 + static_cast<std::uint32_t>(std::countr_zero(sleepers));
      if (!claim_sleeper(pool, worker)) continue;
      COHORT_CRASH_POINT("pool.sleeper_claimed");
      notify(workers_of(&pool)[worker]);
      COHORT_CRASH_POINT("pool.sleeper_woken");
      return true;
    }
  }
  return false;
}

void wake_for_work(PoolShared& pool, std::uint32_t first, std::uint64_t ours) noexcept {
  if (!anyone_idle(pool)) return;
  std::uint64_t length = ring_length(pool.work);
  std::uint64_t waiting = length > ours ? length - ours : 0;
  const WorkerShared* workers = workers_of(&pool);
  for (std::uint32_t step = 0, w = first; step < pool.worker_capacity && waiting != 0; ++step) {
    // relaxed: ordered by the caller's fence. One whose initializer runs is not looking.
    bool looks = workers[w].busy.load(std::memory_order_relaxed) == 0 &&
                 workers[w].ready.load(std::memory_order_relaxed) != 0 && !is_idle(pool, w);
    waiting -= looks ? 1 : 0;
    if (++w == pool.worker_capacity) w = 0;
  }
  if (waiting != 0) (void)wake_sleeper(pool);
}

void repair_after_death(PoolShared& pool, std::uint32_t worker) noexcept {
  WorkerShared& dead = workers_of(&pool)[worker];
  (void)claim_sleeper(pool, worker);
  dead.busy.store(0, std::memory_order_relaxed);    // relaxed: their writer is dead, and the next one starts after this
  dead.ready.store(0, std::memory_order_relaxed);   // relaxed: as above
  dead.in_job.store(0, std::memory_order_relaxed);  // relaxed: as above
  // It may have taken down a bit and not woken the one whose bit it was. Who is awake looks once in vain.
  for (std::uint32_t other = 0; other < pool.worker_capacity; ++other)
    if (other != worker && !is_idle(pool, other)) notify(workers_of(&pool)[other]);
  // It may have been the one that was to take what waits.
  for (std::uint64_t waiting = ring_length(pool.work); waiting != 0 && wake_sleeper(pool); --waiting) {}
}

}  // namespace cohort::detail
