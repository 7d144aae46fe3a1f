// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How work comes to the workers: the ring of work, and which of them is woken for it.
//
// The owner's only place that knows where workers sleep (pool/wake.hpp) and what they say of themselves: WorkerShared's
// wake, busy, ready and cpu, and PoolShared's idle and stop. The caller holds the pool's mutex in each call but
// spin_for_results().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "cohort/base/function_ref.hpp"
#include "park/spin.hpp"
#include "pool/layout.hpp"

namespace cohort::detail {

class Dispatcher {
 public:
  /// The place of an entry that waits for room in the ring.
  static constexpr std::uint64_t kNotInRing = UINT64_MAX;

  explicit Dispatcher(PoolShared& pool);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // ---- what is open: whether the workers that are awake are enough depends on it ------------------------------------

  void task_opened() noexcept { ++open_tasks_; }
  void task_ended() noexcept { --open_tasks_; }
  [[nodiscard]] std::size_t open_tasks() const noexcept { return open_tasks_; }
  void set_open_maps(std::size_t maps) noexcept { open_maps_ = maps; }
  /// That worker has just done a task: it is likely to look for another.
  void note_done_by(std::uint32_t worker) noexcept { last_worker_ = worker; }

  // ---- entries -----------------------------------------------------------------------------------------------------

  /// Puts a task's entry at the end of the ring, and wakes a worker if none looks; or keeps it until there is room.
  /// Returns its place in the ring.
  std::uint64_t push(std::uint64_t entry);
  /// The same for a map, which has work for as many workers as it has chunks.
  void push_map(std::uint64_t entry, std::uint64_t chunks);
  /// Those that were kept, as far as there is room.
  /// @param place  is told an entry and its place; false: it is not wanted any more
  void push_kept(FunctionRef<bool(std::uint64_t entry, std::uint64_t place)> place);
  [[nodiscard]] bool keeps_any() const noexcept { return !kept_.empty(); }
  void drop_kept() noexcept { kept_.clear(); }
  /// The places below this one have been taken by workers.
  [[nodiscard]] std::uint64_t taken() const noexcept;
  /// Takes entries off the front of the ring, which workers would take off and find nothing in.
  void drop_front_while(FunctionRef<bool(std::uint64_t entry)> is_void);

  // ---- workers -----------------------------------------------------------------------------------------------------

  /// It has died. What it left in the shared words is put right, and those are woken whom it may have been about to
  /// wake.
  void worker_died(std::uint32_t worker) noexcept;
  /// Has the workers end when there is nothing left to do.
  void stop() noexcept;
  /// How to spin for what workers are doing, for a thread that is about to sleep.
  [[nodiscard]] park::Spin spin_for_results(int own_cpu) const noexcept;

 private:
  [[nodiscard]] bool is_full() noexcept;
  void push_to_ring(std::uint64_t entry) noexcept;
  [[nodiscard]] bool enough_are_awake() noexcept;

  PoolShared& pool_;
  WorkerShared* workers_;
  const std::uint32_t cpus_;
  std::size_t open_tasks_ = 0;
  std::size_t open_maps_ = 0;
  std::uint64_t seen_tail_ = 0;     // of the ring of work, at the last look
  std::vector<bool> ready_;         // WorkerShared::ready, as seen when it was 1
  std::size_t ready_count_ = 0;     // of them
  std::uint32_t last_worker_ = 0;   // that has done a task
  std::deque<std::uint64_t> kept_;  // entries for which the ring was full
};

}  // namespace cohort::detail
