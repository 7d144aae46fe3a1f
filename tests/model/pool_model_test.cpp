// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a pool's workers sleep and are woken, over the explorer's memory: the ring of work, the owner's dispatcher and
// the wake-ups by workers. No task waits while a worker sleeps, no wake-up is lost, deaths cost no more than a bounded
// sleep; and planted faults are found.
#include "cohort/wire/callable.hpp"
#include "model/replaced.hpp"
//
#include <cstdlib>
#include <deque>

#include "model/exploring.hpp"

// The owner's and the workers' fences stand in their own sources.
namespace std {
inline void explored_thread_fence(memory_order order) {
  cohort::model::World* world = cohort::model::World::running();
  if (world != nullptr && cohort::model::planted != cohort::model::Fault::no_heavy_fence) world->fence(order);
}
}  // namespace std
#define atomic_thread_fence explored_thread_fence

#include "../../src/park/wait_word.cpp"
//
#include "../../src/pool/wake.cpp"
//
#include "../../src/pool/dispatcher.cpp"

namespace cohort::detail {
namespace {

using model::expect_clean;
using model::explore_with;
using model::Fault;
using model::Outcome;
using model::World;

constexpr std::uint32_t kWorkers = 3;
constexpr std::uint32_t kTasks = 4;
constexpr model::Options kMany{.executions = 3'000};
constexpr model::Options kClean{.executions = 3'000, .healing_is_fault = true};

/// The pool's block: zero bytes, as the family memory gives it. One execution is under way at a time.
PoolShared& fresh_block(std::uint32_t workers) {
  static void* memory = std::aligned_alloc(64, (pool_size(8) + 63) / 64 * 64);
  std::memset(memory, 0, pool_size(workers));
  auto& pool = *static_cast<PoolShared*>(memory);
  pool.worker_capacity = workers;
  return pool;
}

struct Pool {
  explicit Pool(std::uint32_t workers) : shared(fresh_block(workers)), dispatcher(shared) {}

  // ---- the owner
  // -----------------------------------------------------------------------------------------------------

  void hand_in(std::uint32_t task) {
    dispatcher.task_opened();
    (void)dispatcher.push(task_entry(1, task));
  }
  void wait_for_done(std::uint32_t count) {
    auto is_done = [&] { return done.load(std::memory_order_acquire) >= count; };
    (void)park::WaitWord(done_word).wait(is_done, {});
  }

  // ---- a worker, as Worker::run()
  // ------------------------------------------------------------------------------------

  template <class Task>
  void work(std::uint32_t w, Task perform) {
    workers_of(&shared)[w].ready.store(1, std::memory_order_relaxed);
    bool busy = false;
    while (true) {
      if (auto front = ring_front(shared.work)) {
        if (!ring_take(shared.work, front->place)) continue;
        auto task = static_cast<std::uint32_t>(front->value);
        taken_by[task] = w;
        if (!std::exchange(busy, true) && !workers_wake_nobody) become_busy(shared, w, 0);
        perform(task);
        is_done[task] = true;
        done.fetch_add(1, std::memory_order_release);
        park::WaitWord(done_word).wake_all(false);
        continue;
      }
      if (std::exchange(busy, false)) become_free(shared, w);
      if (ring_has_entries(shared.work)) continue;
      if (shared.stop.load(std::memory_order_acquire) != 0) return;
      sleep_for_work(shared, w);
    }
  }
  /// Until `count` tasks have come so far: each needs a worker of its own.
  void meet(std::uint32_t count) {
    auto all_there = [&] { return met.load(std::memory_order_relaxed) >= count; };
    met.fetch_add(1, std::memory_order_relaxed);
    park::WaitWord(met_word).wake_all(false);
    (void)park::WaitWord(met_word).wait(all_there, {});
  }

  PoolShared& shared;
  Dispatcher dispatcher;
  std::atomic<std::uint32_t> done{0};
  std::atomic<std::uint32_t> done_word{0};
  std::atomic<std::uint32_t> met{0};
  std::atomic<std::uint32_t> met_word{0};
  bool workers_wake_nobody = false;
  // What the owner reads in the tasks' states.
  std::uint32_t taken_by[8] = {99, 99, 99, 99, 99, 99, 99, 99};
  bool is_done[8] = {};
};

/// As many tasks as workers, which all have to run at the same time.
Outcome meeting(Fault fault, const model::Options& options, std::uint32_t workers, bool workers_wake_nobody = false) {
  return explore_with(fault, options, [=](World& world) {
    auto pool = std::make_shared<Pool>(workers);
    pool->workers_wake_nobody = workers_wake_nobody;
    for (std::uint32_t w = 0; w < workers; ++w)
      world.thread([=] { pool->work(w, [&](std::uint32_t) { pool->meet(workers); }); });
    world.thread([=] {
      for (std::uint32_t task = 0; task < workers; ++task) pool->hand_in(task);
      pool->wait_for_done(workers);
      pool->dispatcher.stop();
    });
    world.at_end([=, &world] { world.expect(pool->done.peek() == workers, "a task was not done"); });
  });
}

/// One caller who waits for each result, while others sleep.
Outcome one_after_the_other(Fault fault, const model::Options& options) {
  return explore_with(fault, options, [](World& world) {
    auto pool = std::make_shared<Pool>(2);
    for (std::uint32_t w = 0; w < 2; ++w) world.thread([=] { pool->work(w, [](std::uint32_t) {}); });
    world.thread([=] {
      for (std::uint32_t task = 0; task < 4; ++task) {
        pool->hand_in(task);
        pool->wait_for_done(task + 1);
        pool->dispatcher.task_ended();
        pool->dispatcher.note_done_by(pool->taken_by[task]);
      }
      pool->dispatcher.stop();
    });
    world.at_end([=, &world] { world.expect(pool->done.peek() == 4, "a task was not done"); });
  });
}

TEST(PoolModel, lets_no_task_wait_while_a_worker_sleeps) {
  for (std::uint32_t workers : {2u, 3u}) expect_clean(meeting(Fault::none, kClean, workers));
}

TEST(PoolModel, loses_no_wake_up_for_one_who_waits_for_each_result) {
  expect_clean(one_after_the_other(Fault::none, kClean));
}

TEST(PoolModel, each_planted_fault_is_found) {
  for (Fault fault : {Fault::no_wake, Fault::no_heavy_fence}) {
    EXPECT_GT(meeting(fault, kMany, 2).healed, 0);
    EXPECT_GT(one_after_the_other(fault, kMany).healed, 0);
  }
}

// The owner takes a worker that has taken a task for one that looks, until that says that it is busy.
TEST(PoolModel, workers_must_wake_others_for_what_they_leave) {
  EXPECT_GT(meeting(Fault::none, {.executions = 20'000}, 3, true).healed, 0);
}

// What the owner does for a dead worker: its task is handed out again, and the words are repaired.
TEST(PoolModel, goes_on_after_deaths_anywhere) {
  auto outcome = explore_with(Fault::none, {.executions = 10'000, .deaths = 1}, [](World& world) {
    auto pool = std::make_shared<Pool>(kWorkers);
    for (std::uint32_t w = 0; w < kWorkers; ++w) world.thread([=] { pool->work(w, [](std::uint32_t) {}); });
    world.thread([=, &world] {
      bool repaired[kWorkers] = {};
      auto repair = [&](std::uint32_t w) {
        if (repaired[w] || !world.notices_death(w)) return false;
        repaired[w] = true;
        pool->dispatcher.worker_died(w);
        for (std::uint32_t task = 0; task < kTasks; ++task)
          if (pool->taken_by[task] == w && !pool->is_done[task]) (void)pool->dispatcher.push(task_entry(1, task));
        return true;
      };
      auto all_done = [&] {
        for (std::uint32_t task = 0; task < kTasks; ++task)
          if (!pool->is_done[task]) return false;
        return true;
      };
      for (std::uint32_t task = 0; task < kTasks; ++task) pool->hand_in(task);
      bool any_lives = true;
      while (!all_done() && any_lives) {
        auto overdue = [&](const park::Patience&) { return true; };
        park::Hooks hooks;
        hooks.overdue = overdue;
        (void)park::WaitWord(pool->done_word).wait(all_done, {}, hooks);
        any_lives = false;
        for (std::uint32_t w = 0; w < kWorkers; ++w) {
          (void)repair(w);
          any_lives = any_lives || !repaired[w];
        }
      }
      pool->dispatcher.stop();
    });
    // Workers are ended with their owner.
    world.thread([=, &world] {
      auto is_over = [&] { return pool->shared.stop.load(std::memory_order_acquire) != 0; };
      auto owner_died = [&](const park::Patience&) { return world.notices_death(kWorkers); };
      park::Hooks hooks;
      hooks.overdue = owner_died;
      (void)park::WaitWord(pool->done_word).wait(is_over, {}, hooks);
      pool->shared.stop.store(1, std::memory_order_release);
      for (std::uint32_t w = 0; w < kWorkers; ++w) wake_worker(pool->shared, w);
    });
    world.at_end([=, &world] {
      if (world.dead(kWorkers)) return;
      bool any_lives = false;
      for (std::uint32_t w = 0; w < kWorkers; ++w) any_lives = any_lives || !world.dead(w);
      for (std::uint32_t task = 0; task < kTasks && any_lives; ++task)
        world.expect(pool->is_done[task], "a task was lost with a worker");
      for (std::uint32_t w = 0; w < kWorkers; ++w)
        world.expect(world.dead(w) || !is_idle(pool->shared, w), "one that does not sleep has a sleeper's bit");
    });
  });
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
  EXPECT_GT(outcome.killed, 1000);
}

}  // namespace
}  // namespace cohort::detail
