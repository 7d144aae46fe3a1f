// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The name of a thread in the words of locks.
#include "sync/thread_word.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "cohort/base/deadline.hpp"
#include "os/process.hpp"
#include "support/in_copy.hpp"

namespace cohort::sync {
namespace {

TEST(ThreadWord, is_unpacked_to_what_was_packed) {
  constexpr ThreadWord kMost{(1u << ThreadWord::kTidBits) - 1, (1u << ThreadWord::kSlotBits) - 1,
                             (1u << ThreadWord::kGenerationBits) - 1, (1u << ThreadWord::kStartBits) - 1};
  for (const ThreadWord& word : {ThreadWord{}, ThreadWord{1, 2, 3, 4}, kMost}) {
    const ThreadWord same = ThreadWord::unpack(word.pack());
    EXPECT_EQ(same.tid, word.tid);
    EXPECT_EQ(same.slot, word.slot);
    EXPECT_EQ(same.generation, word.generation);
    EXPECT_EQ(same.start, word.start);
  }
  static_assert(kMost.pack() >> 63 == 0, "the highest bit is the lock's");
}

TEST(ThreadWord, keeps_only_the_low_bits_of_generation_and_start) {
  const ThreadWord word{1, 2, 3 + (5u << ThreadWord::kGenerationBits), 4 + (7u << ThreadWord::kStartBits)};
  EXPECT_EQ(ThreadWord::unpack(word.pack()).generation, 3u);
  EXPECT_EQ(ThreadWord::unpack(word.pack()).start, 4u);
}

TEST(ThisThread, has_one_name_that_no_other_thread_has) {
  const std::uint64_t mine = this_thread().word;
  EXPECT_EQ(this_thread().word, mine);
  EXPECT_EQ(ThreadWord::unpack(mine).tid, static_cast<std::uint32_t>(os::thread_id()));
  std::uint64_t other = 0;
  std::thread([&] { other = this_thread().word; }).join();
  EXPECT_NE(other, mine);
  EXPECT_EQ(ThreadWord::unpack(other).slot, ThreadWord::unpack(mine).slot) << "one member";
}

TEST(ThisThread, takes_another_name_in_a_forked_copy) {
  const std::uint64_t mine = this_thread().word;
  EXPECT_EQ(test::in_copy([&] {
              const ThreadWord copy = ThreadWord::unpack(this_thread().word);
              return this_thread().word != mine && copy.slot != ThreadWord::unpack(mine).slot ? 0 : 1;
            }),
            0);
}

TEST(ThreadIsDead, holds_for_threads_that_have_ended_and_for_no_other) {
  EXPECT_FALSE(thread_is_dead(this_thread().word, true));
  std::uint64_t word = 0;
  std::thread([&] { word = this_thread().word; }).join();
  // A joined thread is listed for a moment more.
  const Deadline patience{std::chrono::seconds(30)};
  while (!thread_is_dead(word, false) && !patience.expired()) std::this_thread::yield();
  EXPECT_TRUE(thread_is_dead(word, false));
  EXPECT_FALSE(member_is_dead(this_thread().member, true));
}

}  // namespace
}  // namespace cohort::sync
