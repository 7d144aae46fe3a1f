// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "base/per_process.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace cohort {
namespace {

struct Counted {
  int value = 0;
};

TEST(PerProcess, gives_the_same_object_each_time_until_it_is_renewed) {
  detail::PerProcess<Counted> one;
  Counted& first = one.get();
  first.value = 7;
  EXPECT_EQ(&one.get(), &first);
  EXPECT_EQ(one.renew(), &first);
  EXPECT_NE(&one.get(), &first);
  EXPECT_EQ(one.get().value, 0);
  EXPECT_EQ(first.value, 7) << "the former stays as it was";
}

TEST(PerProcess, has_no_former_object_where_none_was_made) {
  detail::PerProcess<Counted> one;
  EXPECT_EQ(one.renew(), nullptr);
}

TEST(PerProcess, is_one_for_threads_that_come_first_together) {
  detail::PerProcess<Counted> one;
  std::vector<Counted*> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : seen) threads.emplace_back([&] { mine = &one.get(); });
  }
  for (Counted* each : seen) EXPECT_EQ(each, &one.get());
}

struct Failing {
  Failing() {
    if (fails) throw std::runtime_error("not yet");
  }
  static inline bool fails = true;
};

TEST(PerProcess, is_made_by_a_later_use_when_the_first_one_failed) {
  detail::PerProcess<Failing> one;
  EXPECT_THROW((void)one.get(), std::runtime_error);
  Failing::fails = false;
  EXPECT_EQ(&one.get(), &one.get());
}

}  // namespace
}  // namespace cohort
