// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/partial.hpp"

#include <gtest/gtest.h>

#include <string>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

std::string heard;
void hear(const std::string& word, int times) {
  heard.clear();
  while (times-- > 0) heard += word;
}

TEST(Partial, calls_with_the_arguments_it_was_made_with) {
  partial(hear, "ab", 3)();
  EXPECT_EQ(heard, "ababab");
  partial(fn<hear>, std::string("c"), 2.0)();
  EXPECT_EQ(heard, "cc");
}

TEST(Partial, travels_as_a_value) {
  Partial sent = partial(hear, "x", 2);
  auto received = decode<Partial>(encode(sent));
  received();
  EXPECT_EQ(heard, "xx");
}

TEST(Partial, of_nothing_is_false_and_throws_when_called) {
  Partial nothing;
  EXPECT_FALSE(nothing);
  EXPECT_TRUE(partial(hear, "", 0));
  EXPECT_THROW(nothing(), ValueError);
}

TEST(Partial, lets_the_exception_of_its_callable_through) {
  EXPECT_THROW(partial([] { throw std::domain_error("no"); })(), std::domain_error);
}

}  // namespace
}  // namespace cohort
