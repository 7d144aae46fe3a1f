// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The maps of a pool: which has which slot, which wait for one, and what is left of those that have ended.
//
// The caller holds the pool's mutex in each call.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <vector>

#include "cohort/base/function_ref.hpp"
#include "pool/layout.hpp"
#include "pool/map_job.hpp"

namespace cohort::detail {

class JobBoard {
 public:
  explicit JobBoard(PoolShared& pool) noexcept : pool_(pool) {}
  JobBoard(const JobBoard&) = delete;
  JobBoard& operator=(const JobBoard&) = delete;

  /// Gives the job a slot, where workers find it by `job.entry`. False: all are taken; it gets one in its turn.
  bool open(MapJob& job);
  /// Takes the job off, and its blocks to be freed once no worker looks at them. The job that has its slot now; nullptr: none waits.
  MapJob* finish(MapJob& job) noexcept;
  /// Has no worker begin it any more. It keeps its slot until finish().
  void close(const MapJob& job) noexcept;
  /// Whether workers may begin the job with that entry.
  [[nodiscard]] bool is_open(std::uint64_t entry) const noexcept {
    return pool_.jobs[entry % kMaxJobs].entry.load(std::memory_order_relaxed) ==
           entry;  // relaxed: only the owner writes it
  }
  /// For each job that has a slot.
  void for_each(FunctionRef<void(MapJob&)> act);
  /// Those that wait for a slot, too.
  void abandon_all(const std::exception_ptr& why) noexcept;
  [[nodiscard]] bool empty() const noexcept { return jobs_.empty() && waiting_.empty(); }
  /// Frees the blocks of ended jobs that no worker looks at any more.
  void free_retired() noexcept;
  /// Frees those of all. No worker lives any more.
  void free_all() noexcept;

 private:
  /// Blocks of a finished job that a worker may still look at.
  struct Retired {
    std::uint64_t entry;
    std::vector<family::Offset> blocks;
  };
  void give_slot(MapJob& job, std::uint32_t slot);

  PoolShared& pool_;
  std::map<std::uint32_t, MapJob*> jobs_;  // by slot
  std::deque<MapJob*> waiting_;
  std::uint64_t generation_ = 1;
  std::vector<Retired> retired_;
};

}  // namespace cohort::detail
