// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/encoded_failure.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace cohort::detail {
namespace {

TEST(EncodedFailure, becomes_the_error_it_is_of_when_it_is_thrown) {
  VectorEncoder out;
  try {
    throw std::range_error("far");
  } catch (...) { encode_current_exception(out, "worker", "task"); }
  EXPECT_THROW(rethrow_failure(std::make_exception_ptr(EncodedFailure{out.take()}), "call"), std::range_error);
}

TEST(EncodedFailure, of_a_pool_or_a_worker_names_the_call_that_throws_it) {
  try {
    rethrow_failure(std::make_exception_ptr(BrokenPool{"why"}), "Pool.map", "f");
  } catch (const PoolBroken& error) {
    EXPECT_EQ(error.operation(), "Pool.map");
    EXPECT_EQ(error.subject(), "f");
  }
  try {
    rethrow_failure(std::make_exception_ptr(DeadWorker{{9, ExitStatus::signaled(9), ""}, "f, items 1 to 2"}), "get");
  } catch (const WorkerDied& error) {
    EXPECT_EQ(error.operation(), "get");
    EXPECT_EQ(error.task(), "f, items 1 to 2");
  }
}

TEST(EncodedFailure, lets_any_other_exception_through) {
  EXPECT_THROW(rethrow_failure(std::make_exception_ptr(std::bad_alloc()), "call"), std::bad_alloc);
}

}  // namespace
}  // namespace cohort::detail
