// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/async_state.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "cohort/base/error.hpp"
#include "unit/pool/inline_backend.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

using testing::InlineBackend;
using testing::TwiceCall;

int refuse(int) { throw std::domain_error("no"); }
using RefuseCall = Invocation<Function<refuse>, true, ParameterList<int>>;

class AsyncStateTest : public ::testing::Test {
 protected:
  std::shared_ptr<InlineBackend> pool = std::make_shared<InlineBackend>();

  template <class Call = TwiceCall>
  std::shared_ptr<PendingResult> call(int n) {
    return pool->call(Call::descriptor, [&](Encoder& out) { Call::encode_arguments(out, {n}); }, {},
                      {"Pool.apply_async"});
  }
};

TEST_F(AsyncStateTest, gives_the_result_as_often_as_it_is_asked_for) {
  auto result = call(4);
  EXPECT_EQ(decode<int>(result->get(Deadline::never())), 8);
  EXPECT_EQ(decode<int>(result->get(Deadline::now())), 8);
  EXPECT_TRUE(result->successful());
}

TEST_F(AsyncStateTest, says_what_is_not_there_yet_and_names_call_and_task) {
  auto result = call(4);
  EXPECT_FALSE(result->wait(Deadline::now(), "AsyncResult.wait"));
  EXPECT_THROW((void)result->successful(), StateError);
  try {
    (void)result->get(Deadline::now());
    ADD_FAILURE() << "no error";
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.operation(), "AsyncResult.get");
    EXPECT_EQ(error.subject(), "f7");
  }
  EXPECT_TRUE(result->wait(Deadline::never(), "AsyncResult.wait"));
}

TEST_F(AsyncStateTest, throws_what_the_task_threw) {
  auto result = call<RefuseCall>(1);
  EXPECT_THROW((void)result->get(Deadline::never()), std::domain_error);
  EXPECT_FALSE(result->successful());
}

TEST_F(AsyncStateTest, hands_nothing_in_when_the_pool_refuses) {
  pool->close();
  EXPECT_THROW((void)call(1), ClosedError);
  EXPECT_EQ(pool.use_count(), 1);
}

TEST_F(AsyncStateTest, keeps_its_pool_as_long_as_it_lives) {
  auto result = call(3);
  std::weak_ptr<InlineBackend> watched = pool;
  pool.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(decode<int>(result->get(Deadline::never())), 6);
  result.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace cohort::detail
