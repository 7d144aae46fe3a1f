// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/until.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// As every call that waits takes it.
Until given(const Until& until = {}) { return until; }

TEST(Until, is_never_when_nothing_is_given) {
  EXPECT_TRUE(given().deadline.is_never());
  EXPECT_TRUE(given({}).deadline.is_never());
  EXPECT_FALSE(given().may_stop());
  EXPECT_FALSE(given().over());
}

TEST(Until, is_made_from_a_duration) {
  const Until until = given(1h);
  EXPECT_FALSE(until.deadline.is_never());
  EXPECT_FALSE(until.over());
  EXPECT_FALSE(until.may_stop());
  EXPECT_TRUE(given(-1s).expired());
  EXPECT_TRUE(given(std::chrono::duration<double>(-0.5)).expired());
  EXPECT_TRUE(given(std::chrono::hours::max()).deadline.is_never());
}

TEST(Until, is_made_from_a_time_point_of_any_precision) {
  EXPECT_TRUE(given(steady_clock::now()).expired());
  EXPECT_FALSE(given(steady_clock::now() + 1h).expired());
  EXPECT_FALSE(given(std::chrono::time_point_cast<std::chrono::seconds>(steady_clock::now() + 1h)).expired());
  EXPECT_FALSE(given(steady_clock::now() + std::chrono::duration<double>(3600)).expired());
  EXPECT_TRUE(given(steady_clock::time_point::max()).deadline.is_never());
}

TEST(Until, is_made_from_a_deadline) {
  EXPECT_TRUE(given(Deadline::now()).expired());
  EXPECT_TRUE(given(Deadline::never()).deadline.is_never());
}

TEST(Until, is_made_from_a_stop_token) {
  std::stop_source source;
  const Until until = given(source.get_token());
  EXPECT_TRUE(until.deadline.is_never());
  EXPECT_TRUE(until.may_stop());
  EXPECT_FALSE(until.over());
  source.request_stop();
  EXPECT_TRUE(until.stopped());
  EXPECT_TRUE(until.over());
  EXPECT_FALSE(until.expired());
}

TEST(Until, is_made_from_a_stop_token_and_any_time) {
  std::stop_source source;
  const std::stop_token stop = source.get_token();
  EXPECT_FALSE(given({stop, 1h}).over());
  EXPECT_TRUE(given({stop, -1s}).over());
  EXPECT_FALSE(given({stop, steady_clock::now() + 1h}).over());
  EXPECT_TRUE(given({stop, Deadline::now()}).over());
  const Deadline limit = 1h;
  EXPECT_FALSE(given({stop, limit}).over());
  source.request_stop();
  EXPECT_TRUE(given({stop, limit}).over());
}

TEST(Until, keeps_the_token_alive) {
  auto source = std::make_unique<std::stop_source>();
  Until until = given({source->get_token(), 1h});
  EXPECT_TRUE(until.may_stop());
  source.reset();
  EXPECT_FALSE(until.may_stop());  // no one can request it any more
  EXPECT_FALSE(until.stopped());
}

TEST(Until, is_not_made_from_a_number_or_a_time_of_another_clock) {
  EXPECT_FALSE((std::is_convertible_v<int, Until>));
  EXPECT_FALSE((std::is_convertible_v<double, Until>));
  EXPECT_FALSE((std::is_convertible_v<bool, Until>));
  EXPECT_FALSE((std::is_convertible_v<std::chrono::system_clock::time_point, Until>));
  EXPECT_FALSE((std::is_constructible_v<Until, Deadline, std::stop_token>));
}

TEST(Until, names_the_call_that_a_stop_has_ended) {
  try {
    detail::throw_stopped("Queue.get", "jobs");
  } catch (const Stopped& stopped) {
    EXPECT_EQ(stopped.operation(), "Queue.get");
    EXPECT_EQ(stopped.subject(), "jobs");
    EXPECT_EQ(stopped.what(), std::string("Queue.get: jobs: a stop was requested"));
    return;
  }
  FAIL();
}

}  // namespace
}  // namespace cohort
