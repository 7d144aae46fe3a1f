// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/job_board.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "cohort/pool/worker_died.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/pool_block.hpp"
#include "pool/ring.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

const WorkerEnd kKilled{4711, ExitStatus::signaled(9), ""};

class JobBoardTest : public ::testing::Test {
 protected:
  PoolBlock block{2};
  PoolShared& pool = block.shared();
  Dispatcher dispatcher{pool};
  JobBoard board{pool, dispatcher};

  /// A map of 4 chunks whose items lie in place.
  std::shared_ptr<MapJob> make_job(int retries = 0) {
    auto job = std::make_shared<MapJob>(block.owner(), 2, testing::TwiceCall::descriptor, std::span<const std::byte>(),
                                        4, MapOptions{.chunksize = 1, .retries = retries}, "map");
    (void)job->prepare_ranged(sizeof(int), sizeof(int));
    return job;
  }
  std::uint64_t take() {
    auto front = ring_front(pool.work);
    return front && ring_take(pool.work, front->place) ? front->value : 0;
  }
  JobShared& shared(const MapJob& job) { return *family::Family::instance().at<JobShared>(job.offset()); }
  std::atomic<std::uint32_t>& chunk(const MapJob& job, std::size_t i) {
    auto& family = family::Family::instance();
    return reinterpret_cast<std::atomic<std::uint32_t>*>(family.address(shared(job).chunk_states, 16))[i];
  }
};

TEST_F(JobBoardTest, gives_a_job_a_slot_and_an_entry) {
  auto job = make_job();
  board.open(job);
  EXPECT_EQ(take(), kJobEntry | job->entry);
  EXPECT_EQ(pool.jobs[job->entry % kMaxJobs].entry.load(), job->entry);
  EXPECT_EQ(pool.jobs[job->entry % kMaxJobs].job.load(), job->offset());
  board.finish(*job);
  EXPECT_EQ(pool.jobs[job->entry % kMaxJobs].entry.load(), 0u);
  EXPECT_TRUE(board.empty());
}

TEST_F(JobBoardTest, lets_jobs_beyond_the_slots_wait_for_their_turn) {
  std::vector<std::shared_ptr<MapJob>> jobs;
  for (std::uint32_t i = 0; i < kMaxJobs + 2; ++i) {
    jobs.push_back(make_job());
    board.open(jobs.back());
  }
  EXPECT_EQ(jobs[kMaxJobs]->entry, 0u);
  board.finish(*jobs[kMaxJobs + 1]);  // given up while it waits
  board.finish(*jobs[3]);
  EXPECT_EQ(jobs[kMaxJobs]->entry % kMaxJobs, jobs[3]->entry % kMaxJobs);
  EXPECT_NE(jobs[kMaxJobs]->entry, jobs[3]->entry);
  EXPECT_EQ(jobs[kMaxJobs + 1]->entry, 0u);
  for (std::uint32_t i = 0; i < kMaxJobs + 1; ++i)
    if (i != 3) board.finish(*jobs[i]);
  EXPECT_TRUE(board.empty());
}

TEST_F(JobBoardTest, keeps_an_ended_job_while_a_worker_may_look_at_it) {
  auto job = make_job();
  std::weak_ptr<MapJob> watched = job;
  board.open(job);
  block.worker(1).in_job.store(job->entry);
  board.finish(*job);
  job.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(board.retired(), 1u);
  block.worker(1).in_job.store(0);
  auto next = make_job();
  board.open(next);
  board.finish(*next);
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(board.retired(), 0u);
}

TEST_F(JobBoardTest, an_ended_job_lives_as_long_as_its_results_are_wanted) {
  auto before = family::Family::instance().statistics().in_use;
  auto job = make_job();
  board.open(job);
  board.finish(*job);
  EXPECT_EQ(job.use_count(), 1);
  EXPECT_NE(job->output(), nullptr);
  job.reset();
  EXPECT_EQ(family::Family::instance().statistics().in_use, before);
}

TEST_F(JobBoardTest, hands_a_dead_workers_chunk_out_again_while_retries_are_left) {
  auto job = make_job(1);
  board.open(job);
  EXPECT_NE(take(), 0u);
  for (int death = 0; death < 2; ++death) {
    chunk(*job, 2).store(chunk_owned_by(1));
    board.reclaim(1);
    board.recover(1, job->entry, kKilled);
    EXPECT_EQ(take(), death == 0 ? kJobEntry | job->entry : 0u);
  }
  EXPECT_EQ(chunk(*job, 2).load() & kChunkFailed, kChunkFailed);
  try {
    job->throw_if_failed();
    ADD_FAILURE() << "no error";
  } catch (const WorkerDied& died) { EXPECT_NE(died.task().find("items 2 to 2"), std::string::npos) << died.what(); }
  board.finish(*job);
}

TEST_F(JobBoardTest, closes_a_job_that_workers_die_in_before_they_begin) {
  auto job = make_job(1000);
  board.open(job);
  std::uint32_t deaths = 0;
  while (pool.jobs[job->entry % kMaxJobs].entry.load() != 0) {
    board.reclaim(0);
    board.recover(0, job->entry, kKilled);
    ASSERT_LT(++deaths, 100u);
  }
  EXPECT_TRUE(job->complete());
  EXPECT_THROW(job->throw_if_failed(), WorkerDied);
  EXPECT_EQ(take(), 0u) << "the entry of an ended map was left at the front";
  board.finish(*job);
}

TEST_F(JobBoardTest, abandons_those_too_that_wait) {
  std::vector<std::shared_ptr<MapJob>> jobs;
  for (std::uint32_t i = 0; i <= kMaxJobs; ++i) {
    jobs.push_back(make_job());
    board.open(jobs.back());
  }
  board.abandon_all(std::make_exception_ptr(BrokenPool{"why"}));
  for (const auto& job : jobs) {
    EXPECT_TRUE(job->abandoned());
    EXPECT_THROW(job->throw_if_failed(), PoolBroken);
    board.finish(*job);
  }
  EXPECT_TRUE(board.empty());
}

}  // namespace
}  // namespace cohort::detail
