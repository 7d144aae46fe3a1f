// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Readiness of many descriptors.
#include "os/poller.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <span>
#include <vector>

#include "os/fd.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

TEST(Poller, gives_the_keys_of_what_is_ready_and_only_those) {
  auto [a_read, a_write] = make_pipe();
  auto [b_read, b_write] = make_pipe();
  Poller poller;
  poller.add(a_read.get(), 1);
  poller.add(b_read.get(), std::uint64_t{1} << 40);
  EXPECT_TRUE(poller.wait(Deadline::now()).empty());
  std::byte one{1};
  write_full(b_write.get(), std::span(&one, 1));
  auto keys = poller.wait(5s);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0], std::uint64_t{1} << 40);
  poller.remove(b_read.get());
  poller.remove(b_read.get());
  EXPECT_TRUE(poller.wait(Deadline::now()).empty());
  a_write.reset();
  EXPECT_EQ(poller.wait(5s).size(), 1u) << "an end is readable";
}

TEST(Poller, waits_for_one_of_many_descriptors) {
  auto [a_read, a_write] = make_pipe();
  auto [b_read, b_write] = make_pipe();
  int both[] = {a_read.get(), b_read.get()};
  EXPECT_TRUE(wait_any_readable(both, Deadline::now()).empty());
  EXPECT_TRUE(wait_any_readable({}, 1ms).empty());
  EXPECT_FALSE(wait_readable(a_read.get(), 1ms));
  b_write.reset();
  EXPECT_EQ(wait_any_readable(both, 5s), std::vector<std::size_t>{1});
  EXPECT_TRUE(is_readable(b_read.get()));
  EXPECT_FALSE(is_readable(a_read.get()));
}

}  // namespace
}  // namespace cohort::os
