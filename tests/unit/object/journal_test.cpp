// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/journal.hpp"

#include <gtest/gtest.h>

#include "cohort/base/error.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"

namespace cohort::object {
namespace {

// A block of ours, and the lock under which a journal is written.
class JournalTest : public ::testing::Test {
 protected:
  ~JournalTest() override { family.free(block); }
  std::uint64_t word(int i) { return journal.word(at(i)).load(); }
  [[nodiscard]] Offset at(int i) const { return block + static_cast<Offset>(i) * sizeof(std::uint64_t); }

  Family& family = Family::instance();
  Offset block = family.allocate_control(256, family.self());
  family::LockGuard guard{family.header().objects.lock, family::own_identity()};
  Journal journal{family};
};

TEST_F(JournalTest, does_nothing_before_its_commit) {
  journal.write(at(0), 1);
  journal.write(at(1), 2);
  EXPECT_EQ(word(0), 0U);
  EXPECT_EQ(journal.state().recorded.load(), 0U);
  journal.commit();
  EXPECT_EQ(word(0), 1U);
  EXPECT_EQ(word(1), 2U);
  EXPECT_EQ(journal.state().recorded.load(), 0U) << "nothing is left to replay";
}

TEST_F(JournalTest, replays_what_a_dead_holder_committed_and_no_more) {
  journal.write(at(0), 1);
  journal.write(at(1), 2);
  journal.write(at(2), 3);
  journal.state().recorded.store(2);  // as commit() begins; the third was written for a step that was not committed
  Journal next(family);
  next.replay();
  EXPECT_EQ(word(0), 1U);
  EXPECT_EQ(word(1), 2U);
  EXPECT_EQ(word(2), 0U);
  next.replay();
  EXPECT_EQ(word(2), 0U);
}

TEST_F(JournalTest, does_not_replay_a_count_that_no_journal_has) {
  journal.write(at(0), 1);
  journal.state().recorded.store(family::kMostJournalWrites + 1);
  Journal(family).replay();
  EXPECT_EQ(word(0), 0U);
  journal.state().recorded.store(0);
}

TEST_F(JournalTest, takes_a_bounded_number_of_writes_into_the_family_memory) {
  EXPECT_THROW(journal.write(family.header().constants.size, 1), ValueError);
  for (std::size_t i = 0; i < family::kMostJournalWrites; ++i) journal.write(at(0), i);
  EXPECT_THROW(journal.write(at(0), 1), ValueError);
  journal.commit();
  EXPECT_EQ(word(0), family::kMostJournalWrites - 1) << "in the order in which they were written";
}

TEST_F(JournalTest, reaches_the_words_of_the_objects_state) {
  std::atomic<std::uint64_t>& live = journal.state().live[0];
  const std::uint64_t before = live.load();
  journal.write(journal.offset_of(live), before + 1);
  journal.commit();
  EXPECT_EQ(live.load(), before + 1);
  live.store(before);
}

}  // namespace
}  // namespace cohort::object
