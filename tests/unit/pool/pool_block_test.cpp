// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/pool_block.hpp"

#include <gtest/gtest.h>

namespace cohort::detail {
namespace {

TEST(PoolBlock, says_what_it_is) {
  PoolBlock block(3);
  EXPECT_EQ(block.shared().magic, kPoolMagic);
  EXPECT_EQ(block.shared().version, kPoolVersion);
  EXPECT_EQ(block.shared().worker_capacity, 3u);
  EXPECT_EQ(block.shared().size, pool_size(3));
  EXPECT_EQ(block.owner(), family::Family::instance().self());
  EXPECT_EQ(&block.worker(2), workers_of(&block.shared()) + 2);
}

TEST(PoolBlock, is_freed_with_the_object) {
  auto& family = family::Family::instance();
  { PoolBlock warm(1); }
  auto before = family.statistics().in_use;
  {
    PoolBlock block(1);
    EXPECT_NE(family.statistics().in_use, before);
  }
  EXPECT_EQ(family.statistics().in_use, before);
}

TEST(PoolBlock, frees_blocks_of_their_owner_only) {
  auto& family = family::Family::instance();
  auto before = family.statistics().in_use;
  family::Offset block = family.allocate(100, family.self());
  free_block_of(block, family::MemberId{});
  EXPECT_NE(family.statistics().in_use, before);
  free_block_of(block, family.self());
  EXPECT_EQ(family.statistics().in_use, before);
  free_block_of(0, family.self());
}

}  // namespace
}  // namespace cohort::detail
