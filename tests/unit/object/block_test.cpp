// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/block.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <type_traits>

#include "cohort/base/error.hpp"
#include "family/family.hpp"

namespace cohort::object {
namespace {

static_assert(!std::is_copy_constructible_v<Block> && std::is_nothrow_move_constructible_v<Block>);

class BlockTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::uint64_t blocks() { return family.statistics().blocks; }

  family::Family& family = family::Family::instance();
  family::MemberId self = family.self();
  std::uint64_t before = blocks();
};

TEST_F(BlockTest, is_this_processes_and_is_freed_when_it_goes) {
  {
    Block block(1000);
    EXPECT_TRUE(block);
    EXPECT_EQ(block.size(), 1000U);
    EXPECT_EQ(family.owner(block.offset()), self);
    std::memset(block.place(), 7, block.size());
    EXPECT_EQ(blocks(), before + 1);
  }
  EXPECT_EQ(blocks(), before);
}

TEST_F(BlockTest, is_another_owners_when_it_was_given) {
  std::uint64_t given = 0;
  {
    Block block(64);
    given = block.give();
    EXPECT_FALSE(block);
    EXPECT_EQ(block.offset(), 0U);
  }
  EXPECT_EQ(blocks(), before + 1);
  Block again = Block::adopt(given, 64);
  EXPECT_EQ(again.offset(), given);
}

TEST_F(BlockTest, has_one_owner_after_a_move) {
  Block one(64);
  Block two(64);
  const std::uint64_t first = one.offset();
  two = std::move(one);
  EXPECT_EQ(two.offset(), first);
  EXPECT_EQ(blocks(), before + 1) << "what it had is freed";
  Block three = std::move(two);
  EXPECT_EQ(three.offset(), first);
  three = Block();
  EXPECT_EQ(blocks(), before);
}

TEST_F(BlockTest, leaves_nothing_when_there_is_no_room) {
  EXPECT_THROW(Block(std::size_t{1} << 60), OutOfFamilyMemory);
  EXPECT_EQ(blocks(), before);
}

TEST_F(BlockTest, frees_nothing_in_a_copy_of_the_process) {
  Block block(64);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    block = Block();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(family.owner(block.offset()), self);
}

}  // namespace
}  // namespace cohort::object
