// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/map_job.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "cohort/base/error.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

class MapJobTest : public ::testing::Test {
 protected:
  family::Family& family = family::Family::instance();

  std::shared_ptr<MapJob> make(std::size_t count, MapOptions options = {}, std::uint32_t workers = 2) {
    return std::make_shared<MapJob>(family.self(), workers, testing::TwiceCall::descriptor,
                                    std::span<const std::byte>(), count, options, "Pool.map");
  }
  JobShared& shared(const MapJob& job) { return *family.at<JobShared>(job.offset()); }
  std::atomic<std::uint32_t>& chunk(const MapJob& job, std::size_t i) {
    std::size_t bytes = job.chunks() * sizeof(std::uint32_t);
    return reinterpret_cast<std::atomic<std::uint32_t>*>(family.address(shared(job).chunk_states, bytes))[i];
  }
  std::atomic<std::uint64_t>& finished(const MapJob& job, std::uint32_t worker) {
    std::size_t bytes = 2 * sizeof(FinishedCounter);
    return reinterpret_cast<FinishedCounter*>(family.address(shared(job).finished, bytes))[worker].chunks;
  }
};

TEST_F(MapJobTest, cuts_into_chunks_of_the_size_that_is_asked_for) {
  EXPECT_EQ(make(10, {.chunksize = 3})->chunks(), 4u);
  EXPECT_EQ(make(9, {.chunksize = 3})->chunks(), 3u);
  EXPECT_EQ(make(3, {.chunksize = 100})->chunks(), 1u);
}

TEST_F(MapJobTest, chooses_chunks_that_keep_all_workers_at_work) {
  EXPECT_EQ(make(1)->chunks(), 1u);
  EXPECT_EQ(make(32)->chunks(), 32u);
  EXPECT_EQ(make(1'000'000)->chunks(), 32u);
  EXPECT_EQ(make(1'000'000, {}, 8)->chunks(), 128u);
}

TEST_F(MapJobTest, is_complete_when_all_chunks_are_counted) {
  auto job = make(4, {.chunksize = 1});
  (void)job->prepare_ranged(4, 4);
  finished(*job, 0).store(1);
  finished(*job, 1).store(2);
  EXPECT_FALSE(job->complete());
  finished(*job, 0).store(2);
  EXPECT_TRUE(job->complete());
}

TEST_F(MapJobTest, encodes_each_item_into_its_chunk_and_gives_results_in_order) {
  auto job = make(5, {.chunksize = 2});
  std::vector<std::size_t> encoded;
  job->prepare_encoded([&](std::size_t i, Encoder& out) {
    encoded.push_back(i);
    Codec<std::string>::encode(out, std::string(i, 'i'));
  });
  EXPECT_EQ(encoded, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  // What a worker does: as many results as a chunk has items.
  std::size_t bytes = 3 * sizeof(ChunkResult);
  auto* results = reinterpret_cast<ChunkResult*>(family.address(shared(*job).results, bytes));
  for (std::uint64_t i = 0; i < 3; ++i) {
    VectorEncoder out;
    out.write_raw(std::uint64_t{i == 2 ? 1u : 2u});
    out.write_raw(i);
    family::Offset block = family.allocate(out.size(), family.self());
    std::memcpy(family.address(block, out.size()), out.bytes().data(), out.size());
    results[i].size.store(out.size());
    results[i].block.store(block);
  }
  std::vector<std::uint64_t> order;
  job->take_results([&](Decoder& in, std::size_t count) {
    EXPECT_EQ(count, order.size() == 2 ? 1u : 2u);
    order.push_back(in.read_raw<std::uint64_t>());
  });
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_F(MapJobTest, frees_all_that_it_holds_results_too_that_nobody_took) {
  make(1).reset();
  auto before = family.statistics().in_use;
  {
    auto job = make(4, {.chunksize = 2});
    job->prepare_encoded([](std::size_t i, Encoder& out) { Codec<std::size_t>::encode(out, i); });
    auto* results = reinterpret_cast<ChunkResult*>(family.address(shared(*job).results, 2 * sizeof(ChunkResult)));
    results[1].block.store(family.allocate(100, family.self()));
    EXPECT_NE(family.statistics().in_use, before);
  }
  EXPECT_EQ(family.statistics().in_use, before);
}

TEST_F(MapJobTest, frees_what_it_has_when_an_item_cannot_be_encoded) {
  auto before = family.statistics().in_use;
  EXPECT_THROW(make(100, {.chunksize = 1})->prepare_encoded([](std::size_t i, Encoder& out) {
    if (i == 50) throw std::domain_error("no");
    Codec<std::string>::encode(out, std::string(500, 'x'));
  }),
               std::domain_error);
  EXPECT_EQ(family.statistics().in_use, before);
}

TEST_F(MapJobTest, counts_what_a_dead_worker_had_done_anew) {
  auto job = make(3, {.chunksize = 1, .retries = 1});
  (void)job->prepare_ranged(4, 4);
  chunk(*job, 0).store(chunk_owned_by(1) | kChunkDone);
  chunk(*job, 1).store(chunk_owned_by(1));  // it ran that one
  finished(*job, 1).store(0);               // and had not counted the first
  job->reclaim(1);
  EXPECT_TRUE(job->recover(1, {1, ExitStatus::signaled(9), ""}));
  EXPECT_EQ(finished(*job, 1).load(), 1u);
  EXPECT_EQ(chunk(*job, 1).load(), kChunkFree);
}

TEST_F(MapJobTest, throws_the_failure_of_the_lowest_chunk) {
  auto job = make(3, {.chunksize = 1});
  (void)job->prepare_ranged(4, 4);
  for (std::size_t i : {1u, 2u}) chunk(*job, i).store(chunk_owned_by(0));
  (void)job->recover(0, {1, ExitStatus::signaled(9), ""});
  try {
    job->throw_if_failed();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) { EXPECT_NE(error.subject().find("items 1 to 1"), std::string::npos); }
}

}  // namespace
}  // namespace cohort::detail
