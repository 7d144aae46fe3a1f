// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/job_board.hpp"

#include <algorithm>

#include "cohort/base/error.hpp"

namespace cohort::detail {

namespace {

void free_blocks(const std::vector<family::Offset>& blocks) noexcept {
  for (family::Offset block : blocks) {
    try {
      family::Family::instance().free(block);
    } catch (const Error&) {  // a stray write spoilt it, or the family is gone: leaking it is the lesser evil
    }
  }
}

}  // namespace

bool JobBoard::open(MapJob& job) {
  if (jobs_.size() == kMaxJobs || !waiting_.empty()) {
    waiting_.push_back(&job);
    return false;
  }
  std::uint32_t slot = 0;
  while (jobs_.contains(slot)) ++slot;
  jobs_.emplace(slot, &job);
  give_slot(job, slot);
  return true;
}

void JobBoard::give_slot(MapJob& job, std::uint32_t slot) {
  job.entry = job_number(generation_++, slot);
  pool_.jobs[slot].job.store(job.offset(), std::memory_order_relaxed);  // relaxed: ordered by entry
  // SYNC(job): this release store -> Worker::join_job() acquire load; carries the job's block
  pool_.jobs[slot].entry.store(job.entry, std::memory_order_release);
}

void JobBoard::close(const MapJob& job) noexcept {
  // SYNC(hazard): as in finish()
  pool_.jobs[job.entry % kMaxJobs].entry.store(0, std::memory_order_release);
}

MapJob* JobBoard::finish(MapJob& job) noexcept {
  std::erase(waiting_, &job);
  if (job.entry == 0) return nullptr;
  std::uint32_t slot = job.entry % kMaxJobs;
  auto place = jobs_.find(slot);
  // SYNC(hazard): release before the fence in free_retired(); a worker that joins after it sees no job
  pool_.jobs[slot].entry.store(0, std::memory_order_release);
  try {
    retired_.push_back({job.entry, job.take_blocks()});
  } catch (...) {  // no memory to remember them: they are freed with this process
  }
  free_retired();
  if (waiting_.empty()) {
    jobs_.erase(place);
    return nullptr;
  }
  // In the place of the other: nothing is allocated.
  MapJob* next = waiting_.front();
  waiting_.pop_front();
  place->second = next;
  give_slot(*next, slot);
  return next;
}

void JobBoard::for_each(FunctionRef<void(MapJob&)> act) {
  for (auto& [slot, job] : jobs_) act(*job);
}

void JobBoard::abandon_all(const std::exception_ptr& why) noexcept {
  for (auto& [slot, job] : jobs_) job->abandon(why);
  for (MapJob* job : waiting_) job->abandon(why);
  waiting_.clear();
}

void JobBoard::free_retired() noexcept {
  // SYNC(hazard): this fence pairs with the one in Worker::join_job(): either we see in_job or the worker sees the slot changed
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::erase_if(retired_, [&](const Retired& retired) {
    for (std::uint32_t w = 0; w < pool_.worker_capacity; ++w) {
      // SYNC(hazard): Worker::join_job() release store of 0 -> this load; all its accesses come before
      if (workers_of(&pool_)[w].in_job.load(std::memory_order_acquire) == retired.entry) return false;
    }
    free_blocks(retired.blocks);
    return true;
  });
}

void JobBoard::free_all() noexcept {
  for (const Retired& retired : retired_) free_blocks(retired.blocks);
  retired_.clear();
}

}  // namespace cohort::detail
