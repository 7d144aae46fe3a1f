// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The maps of a pool: which has which slot, which wait for one, and what is left of those that have ended.
//
// A job is owned by the board, until it has finished and no worker looks at it any more, and by the call that runs it,
// or that takes its results later. The caller holds the pool's mutex in each call.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "pool/dispatcher.hpp"
#include "pool/layout.hpp"
#include "pool/map_job.hpp"
#include "pool/worker_end.hpp"

namespace cohort::detail {

class JobBoard {
 public:
  JobBoard(PoolShared& pool, Dispatcher& dispatcher);
  JobBoard(const JobBoard&) = delete;
  JobBoard& operator=(const JobBoard&) = delete;

  /// Hands the job out to the workers; when all slots are taken, once it is its turn.
  void open(std::shared_ptr<MapJob> job);
  /// Takes the job off; one that waits gets its slot.
  void finish(const MapJob& job) noexcept;
  [[nodiscard]] bool empty() const noexcept { return open_ == 0 && waiting_.empty(); }
  /// All end by that, those too that wait for a slot. They keep their slots until finish().
  void abandon_all(const std::exception_ptr& why) noexcept;

  /// The worker is dead, and what it owned in the family is not freed yet: takes back what it had handed over.
  void reclaim(std::uint32_t worker);
  /// After that, and after Dispatcher::worker_died(): its chunks are handed out again, or fail.
  /// @param in_job  WorkerShared::in_job, as the dead worker left it
  void recover(std::uint32_t worker, std::uint64_t in_job, const WorkerEnd& end);
  /// Ended jobs that the board still owns, as a worker may look at them.
  [[nodiscard]] std::size_t retired() const noexcept { return retired_.size(); }

 private:
  void give_slot(std::shared_ptr<MapJob>&& job, std::uint32_t slot);
  /// Whether workers may begin the job with that entry.
  [[nodiscard]] bool is_open(std::uint64_t entry) const noexcept;
  /// Has no worker begin it any more.
  void close(const MapJob& job) noexcept;
  /// Gives up ended jobs that no worker looks at any more.
  void free_retired() noexcept;

  PoolShared& pool_;
  Dispatcher& dispatcher_;
  std::array<std::shared_ptr<MapJob>, kMaxJobs> jobs_;  // by slot
  std::size_t open_ = 0;                                // of them
  std::deque<std::shared_ptr<MapJob>> waiting_;
  std::uint64_t generation_ = 1;
  std::vector<std::shared_ptr<MapJob>> retired_;  // at most one a worker, and the latest
};

}  // namespace cohort::detail
