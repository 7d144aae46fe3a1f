// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The user's code runs under no lock that a call of ours took beside: input ranges of arrays, and what changes a value
// of at most 8 bytes. What changes a larger value runs under that value's lock, as it says, which the same thread may
// take again.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <ranges>
#include <vector>

#include "cohort/shared/array.hpp"
#include "cohort/shared/value.hpp"
#include "support/elsewhere.hpp"

namespace cohort::test {
namespace {

struct Large {
  std::array<int, 4> numbers{};
};

template <class T>
void use_here_and_elsewhere(const Array<T>& array) {
  auto use = [array] {
    auto guard = array.lock();
    (void)array.slice();
    array.fill(T{});
  };
  use();
  EXPECT_TRUE(ends_elsewhere(use)) << "a call from another thread does not end";
}

template <class T>
void check_array() {
  Array<T> array(3);
  auto items = [array] {
    return std::views::iota(0, 3) | std::views::transform([array](int) {
             use_here_and_elsewhere(array);
             return T{};
           });
  };
  EXPECT_TRUE(ends_elsewhere([array, items] { array.assign(items()); })) << "assign";
  EXPECT_TRUE(ends_elsewhere([array, items] { array.set_slice(0, 3, items()); })) << "set_slice";
  EXPECT_TRUE(ends_elsewhere([items] { Array<T> made(items()); })) << "an array made of a range";
}

TEST(Unlocked, ranges_may_use_the_array_that_they_are_stored_in) {
  check_array<int>();
  check_array<Large>();
}

TEST(Unlocked, what_changes_a_value_may_use_it) {
  Value<int> value(1);
  EXPECT_TRUE(ends_elsewhere([value] {
    value.update([value](int now) {
      auto use = [value] {
        auto guard = value.lock();
        (void)value.load();
      };
      use();
      EXPECT_TRUE(ends_elsewhere(use)) << "a call from another thread does not end";
      return now + 1;
    });
  }));
  EXPECT_EQ(value.load(), 2);
}

TEST(Unlocked, what_changes_a_large_value_may_use_it_and_others_read_it) {
  Value<Large> value;
  EXPECT_TRUE(ends_elsewhere([value] {
    value.update([value](Large now) {
      { auto guard = value.lock(); }
      EXPECT_TRUE(ends_elsewhere([value] { (void)value.load(); })) << "a read from another thread does not end";
      now.numbers[0] = 7;
      return now;
    });
  }));
  EXPECT_EQ(value.load().numbers[0], 7);
}

}  // namespace
}  // namespace cohort::test
