// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A meeting, by its words: phases, and how each ended.
#include "sync/barrier_core.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <thread>

namespace cohort::sync {
namespace {

using namespace std::chrono_literals;

class BarrierWords : public testing::Test {
 protected:
  static constexpr std::uint32_t kParties = 2;
  BarrierWords() {
    std::memset(bytes_, 0, sizeof bytes_);
    body_ = reinterpret_cast<BarrierBody*>(bytes_);
    body_->parties.store(kParties);
    body_->timeout.store(-1);
  }
  alignas(64) std::byte bytes_[sizeof(BarrierBody) + kParties * 8];
  BarrierBody* body_;
  ThreadSelf& self_ = this_thread();
};

TEST_F(BarrierWords, passes_when_all_have_come_and_begins_the_next_phase) {
  BarrierCore core(*body_);
  for (std::uint64_t phase = 0; phase < 3; ++phase) {
    BarrierCore::Outcome other;
    std::thread party([&] { other = BarrierCore(*body_).wait(this_thread(), Deadline(30s), nullptr); });
    const BarrierCore::Outcome mine = core.wait(self_, Deadline(30s), nullptr);
    party.join();
    EXPECT_TRUE(mine.passed && other.passed);
    EXPECT_NE(mine.index, other.index);
    EXPECT_EQ(body_->phase.load(), phase + 1);
    EXPECT_EQ(core.waiting(), 0u);
  }
}

TEST_F(BarrierWords, is_broken_by_who_gives_up_until_it_is_reset) {
  BarrierCore core(*body_);
  EXPECT_FALSE(core.wait(self_, Deadline::now(), nullptr).passed);
  EXPECT_TRUE(core.broken(self_));
  EXPECT_FALSE(core.wait(self_, Deadline::never(), nullptr).passed) << "at once";
  core.reset(self_);
  EXPECT_FALSE(core.broken(self_));
}

TEST_F(BarrierWords, runs_its_action_once_by_the_last_to_come) {
  int runs = 0;
  auto count = [&] { ++runs; };
  const BarrierCore::Action action = count;
  std::thread party([&] { (void)BarrierCore(*body_).wait(this_thread(), Deadline(30s), &action); });
  EXPECT_TRUE(BarrierCore(*body_).wait(self_, Deadline(30s), &action).passed);
  party.join();
  EXPECT_EQ(runs, 1);
}

TEST_F(BarrierWords, is_broken_by_the_death_of_one_who_is_inside) {
  BarrierCore core(*body_);
  body_->count.store(1);
  body_->inside(0).store(4711);
  core.mend(self_, [](std::uint64_t thread) { return thread == 1; });
  EXPECT_FALSE(core.broken(self_));
  core.mend(self_, [](std::uint64_t thread) { return thread == 4711; });
  EXPECT_TRUE(core.broken(self_));
}

}  // namespace
}  // namespace cohort::sync
