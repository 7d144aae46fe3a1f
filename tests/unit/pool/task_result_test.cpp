// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_result.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

#include "cohort/base/error.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "pool/encoded_failure.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

const testing::KeepingSink kSink;

TEST(TaskResult, keeps_a_small_value_in_place_and_moves_it) {
  auto bytes = encode(std::string("value"));
  TaskResult first(TaskResult::Kind::value, bytes);
  TaskResult second = std::move(first);
  EXPECT_EQ(decode<std::string>(second.value(kSink)), "value");
  EXPECT_EQ(first.kind(),
            TaskResult::Kind::pending);  // NOLINT(bugprone-use-after-move): what a move leaves is promised
}

TEST(TaskResult, owns_the_block_of_a_large_value) {
  auto& family = family::Family::instance();
  auto before = family.statistics().in_use;
  {
    auto bytes = encode(std::string(1000, 'x'));
    family::Offset block = family.allocate(bytes.size(), family.self());
    std::memcpy(family.address(block, bytes.size()), bytes.data(), bytes.size());
    TaskResult first(TaskResult::Kind::value, block, bytes.size());
    TaskResult second = std::move(first);
    EXPECT_EQ(decode<std::string>(second.value(kSink)), std::string(1000, 'x'));
  }
  EXPECT_EQ(family.statistics().in_use, before);
}

TEST(TaskResult, throws_what_the_task_threw) {
  VectorEncoder out;
  try {
    throw std::domain_error("no");
  } catch (...) { encode_current_exception(out, "worker", "task"); }
  TaskResult result(TaskResult::Kind::remote_error, std::span<const std::byte>(out.bytes()).first(0));
  EXPECT_THROW((void)result.value(kSink), Error);  // cut short, it says so
  TaskResult failure(std::make_exception_ptr(EncodedFailure{out.take()}));
  EXPECT_THROW((void)failure.value(kSink), std::domain_error);
}

TEST(TaskResult, names_the_call_that_meets_a_failure) {
  TaskResult result(std::make_exception_ptr(BrokenPool{"the pool was terminated"}));
  try {
    (void)result.value(kSink);
    ADD_FAILURE() << "no error";
  } catch (const PoolBroken& error) {
    EXPECT_EQ(error.operation(), "taking");
    EXPECT_EQ(error.subject(), "twice");
  }
}

TEST(TaskResult, of_a_task_that_has_not_ended_is_a_mistake_to_ask_for) {
  EXPECT_THROW((void)TaskResult().value(kSink), StateError);
}

}  // namespace
}  // namespace cohort::detail
