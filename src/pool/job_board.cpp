// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/job_board.hpp"

#include <algorithm>
#include <utility>

namespace cohort::detail {

JobBoard::JobBoard(PoolShared& pool, Dispatcher& dispatcher) : pool_(pool), dispatcher_(dispatcher) {
  retired_.reserve(std::size_t{pool.worker_capacity} + 1);
}

void JobBoard::open(std::shared_ptr<MapJob> job) {
  if (open_ == kMaxJobs || !waiting_.empty()) {
    waiting_.push_back(std::move(job));
    return;
  }
  std::uint32_t slot = 0;
  while (jobs_[slot]) ++slot;
  ++open_;
  give_slot(std::move(job), slot);
}

void JobBoard::give_slot(std::shared_ptr<MapJob>&& job, std::uint32_t slot) {
  MapJob& placed = *job;
  jobs_[slot] = std::move(job);
  placed.entry = job_number(generation_++, slot);
  pool_.jobs[slot].job.store(placed.offset(), std::memory_order_relaxed);  // relaxed: ordered by entry
  // SYNC(job): this release store -> Worker::join_job() acquire load; carries the job's block
  pool_.jobs[slot].entry.store(placed.entry, std::memory_order_release);
  dispatcher_.set_open_maps(open_);
  dispatcher_.push_map(placed.entry, placed.chunks());
}

bool JobBoard::is_open(std::uint64_t entry) const noexcept {
  // relaxed: only the owner writes it
  return pool_.jobs[entry % kMaxJobs].entry.load(std::memory_order_relaxed) == entry;
}

void JobBoard::close(const MapJob& job) noexcept {
  // SYNC(hazard): release before the fence in free_retired(); a worker that joins after it sees no job
  pool_.jobs[job.entry % kMaxJobs].entry.store(0, std::memory_order_release);
}

void JobBoard::finish(const MapJob& job) noexcept {
  std::erase_if(waiting_, [&](const std::shared_ptr<MapJob>& waiting) { return waiting.get() == &job; });
  if (job.entry == 0) return;
  std::uint32_t slot = job.entry % kMaxJobs;
  close(job);
  retired_.push_back(std::exchange(jobs_[slot], nullptr));
  free_retired();
  if (waiting_.empty()) {
    dispatcher_.set_open_maps(--open_);
    return;
  }
  std::shared_ptr<MapJob> next = std::move(waiting_.front());
  waiting_.pop_front();
  MapJob& placed = *next;
  try {
    give_slot(std::move(next), slot);
  } catch (...) { placed.abandon(std::current_exception()); }
}

void JobBoard::abandon_all(const std::exception_ptr& why) noexcept {
  for (const auto& job : jobs_)
    if (job) job->abandon(why);
  for (const auto& job : waiting_) job->abandon(why);
  waiting_.clear();
}

void JobBoard::reclaim(std::uint32_t worker) {
  for (const auto& job : jobs_)
    if (job) job->reclaim(worker);
}

void JobBoard::recover(std::uint32_t worker, std::uint64_t in_job, const WorkerEnd& end) {
  for (const auto& job : jobs_) {
    if (!job) continue;
    // Also when its entry is still in the ring: a worker that has found nothing to do may be about to take that off.
    if (job->recover(worker, end)) dispatcher_.push_map(job->entry, job->chunks());
    if (in_job == job->entry && job->give_up_if_nobody_can_begin(end)) close(*job);
  }
  // Entries of ended maps, which workers take off, unless all of them end before they do.
  dispatcher_.drop_front_while(
      [this](std::uint64_t entry) { return (entry & kJobEntry) != 0 && !is_open(entry & ~kJobEntry); });
  free_retired();
}

void JobBoard::free_retired() noexcept {
  // SYNC(hazard): this fence pairs with the one in Worker::join_job(): either we see in_job or the worker sees the slot
  // changed
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::erase_if(retired_, [&](const std::shared_ptr<MapJob>& retired) {
    for (std::uint32_t w = 0; w < pool_.worker_capacity; ++w) {
      // SYNC(hazard): Worker::join_job() release store of 0 -> this load; all its accesses come before
      if (workers_of(&pool_)[w].in_job.load(std::memory_order_acquire) == retired->entry) return false;
    }
    return true;
  });
}

}  // namespace cohort::detail
