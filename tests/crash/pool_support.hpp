// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A pool's shared block with workers, and the test in the owner's place: which entry is pushed when, and who is woken
// for it, is the test's to say, so that workers meet in ways that the owner's own rules make rare.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "cohort/base/deadline.hpp"
#include "cohort/wire/callable.hpp"
#include "crash/family_support.hpp"
#include "pool/family_encoder.hpp"
#include "pool/layout.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"
#include "pool/worker.hpp"
#include "support/thread_state.hpp"

namespace cohort::testing {

inline int add_one(int x) { return x + 1; }

class BarePool {
 public:
  explicit BarePool(std::uint32_t workers) : family_(family::Family::instance()) {
    std::size_t size = detail::pool_size(workers);
    block_ = family_.allocate_control(size, family_.self());
    pool_ = reinterpret_cast<detail::PoolShared*>(family_.address(block_, size));
    pool_->magic = detail::kPoolMagic;
    pool_->version = detail::kPoolVersion;
    pool_->worker_capacity = workers;
    pool_->size = size;
    pool_->owner = family_.self().pack();
    pool_->callables[0].id = Call::descriptor.id();
  }
  BarePool(const BarePool&) = delete;
  BarePool& operator=(const BarePool&) = delete;
  ~BarePool() { family_.free(block_); }

  [[nodiscard]] detail::PoolShared& shared() { return *pool_; }

  /// In a forked child: what a worker process runs.
  void work(std::uint32_t worker) { detail::run_pool_worker(block_, worker, Partial(), {}); }
  /// A worker in a process of its own.
  pid_t start_worker(std::uint32_t worker) {
    return family::testing::fork_child([this, worker] { work(worker); });
  }
  /// Until the worker, a process of one thread, sleeps: it sets its bit first, and then looks once more.
  [[nodiscard]] bool wait_until_asleep(std::uint32_t worker, pid_t pid) {
    return wait_for([&] { return detail::is_idle(*pool_, worker) && test::sleeps(pid); });
  }

  /// Queues `tasks` and wakes nobody, as the owner does when it takes some for awake.
  void hand_in(std::uint32_t tasks) {
    for (std::uint32_t index = 0; index < tasks; ++index) {
      detail::TaskRecord& record = pool_->tasks[index];
      detail::FamilyEncoder out(record.arguments.bytes, family_.self());
      Call::encode_arguments(out, {static_cast<int>(index)});
      record.arguments_size = static_cast<std::uint32_t>(out.size());
      record.state.store(detail::TaskState{1, detail::TaskPhase::queued, 0}.pack(), std::memory_order_release);
    }
    for (std::uint32_t index = 0; index < tasks; ++index) detail::ring_push(pool_->work, detail::task_entry(1, index));
  }

  /// What the owner does for tasks and sleepers when `worker` has died.
  void repair(std::uint32_t worker, std::uint32_t tasks) {
    std::uint64_t taken = pool_->work.tail.load(std::memory_order_acquire);
    for (std::uint32_t index = 0; index < tasks; ++index) {
      auto state = detail::TaskState::unpack(pool_->tasks[index].state.load(std::memory_order_acquire));
      bool runs_no_more = state.phase == detail::TaskPhase::running && state.worker == worker;
      if (runs_no_more)
        pool_->tasks[index].state.store(detail::TaskState{1, detail::TaskPhase::queued, 0}.pack(),
                                        std::memory_order_release);
      if (runs_no_more || (state.phase == detail::TaskPhase::queued && index < taken))
        detail::ring_push(pool_->work, detail::task_entry(1, index));
    }
    detail::repair_after_death(*pool_, worker);
  }

  [[nodiscard]] bool wait_until_done(std::uint32_t tasks) {
    return wait_for([&] {
      for (std::uint32_t index = 0; index < tasks; ++index)
        if (phase(index) != detail::TaskPhase::done) return false;
      return true;
    });
  }
  [[nodiscard]] detail::TaskPhase phase(std::uint32_t index) {
    return detail::TaskState::unpack(pool_->tasks[index].state.load(std::memory_order_acquire)).phase;
  }
  [[nodiscard]] std::uint32_t wakes(std::uint32_t worker) {
    return detail::workers_of(pool_)[worker].wake.load(std::memory_order_relaxed);
  }
  /// Has the workers end, and whoever of them sleeps wake for that.
  void stop() {
    pool_->stop.store(1, std::memory_order_release);
    for (std::uint32_t w = 0; w < pool_->worker_capacity; ++w) detail::wake_worker(*pool_, w);
  }

 private:
  using Call = detail::Invocation<Function<add_one>, true, detail::ParameterList<int>>;

  template <class Condition>
  [[nodiscard]] static bool wait_for(Condition condition) {
    Deadline limit = std::chrono::seconds(30);
    while (!condition()) {
      if (limit.expired()) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return true;
  }

  family::Family& family_;
  family::Offset block_ = 0;
  detail::PoolShared* pool_ = nullptr;
};

}  // namespace cohort::testing
