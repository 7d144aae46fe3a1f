// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_arguments.hpp"

#include <gtest/gtest.h>

#include <string>

#include "cohort/wire/codec.hpp"
#include "pool/pool_block.hpp"

namespace cohort::detail {
namespace {

class TaskArgumentsTest : public ::testing::TestWithParam<bool> {
 protected:
  family::Family& family = family::Family::instance();
  PoolBlock block{1};
  TaskRecord& record = block.shared().tasks[0];

  TaskArguments make(const std::string& text) {
    return {[&](Encoder& out) { Codec<std::string>::encode(out, text); }, family.self(), GetParam()};
  }
  std::string text_in_record() {
    if (record.arguments_size != kInBlock)
      return decode<std::string>(std::span<const std::byte>(record.arguments.bytes, record.arguments_size));
    std::size_t size = record.arguments_block_bytes;
    auto text = decode<std::string>({family.address(record.arguments.block, size), size});
    family.free(record.arguments.block);
    return text;
  }
};

TEST_P(TaskArgumentsTest, small_ones_go_into_the_record) {
  make("small").move_to(record, family.self());
  EXPECT_NE(record.arguments_size, kInBlock);
  EXPECT_EQ(text_in_record(), "small");
}

TEST_P(TaskArgumentsTest, large_ones_go_into_a_block) {
  make(std::string(1000, 'x')).move_to(record, family.self());
  EXPECT_EQ(record.arguments_size, kInBlock);
  EXPECT_EQ(text_in_record(), std::string(1000, 'x'));
}

TEST_P(TaskArgumentsTest, hold_no_family_memory_once_they_are_private) {
  auto before = family.statistics().in_use;
  TaskArguments arguments = make(std::string(1000, 'y'));
  arguments.make_private();
  EXPECT_EQ(family.statistics().in_use, before);
  TaskArguments moved = std::move(arguments);
  moved.move_to(record, family.self());
  EXPECT_EQ(text_in_record(), std::string(1000, 'y'));
}

TEST_P(TaskArgumentsTest, free_their_block_when_no_record_takes_it) {
  auto before = family.statistics().in_use;
  { (void)make(std::string(1000, 'z')); }
  EXPECT_EQ(family.statistics().in_use, before);
}

INSTANTIATE_TEST_SUITE_P(Placed, TaskArgumentsTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "privately" : "in_the_family"; });

}  // namespace
}  // namespace cohort::detail
