// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/reexecution.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace cohort::detail {
namespace {

Reexecution example() {
  Reexecution r;
  r.role = Role::fork_server;
  r.family = 3;
  r.parent_life = 4;
  r.requests = 5;
  r.client_end = 6;
  r.server = {7, 8};
  r.member = {9, 10};
  r.binds_now = true;
  r.descriptors = {7, 8, 9};
  r.nonce = ~std::uint64_t{0};
  return r;
}

TEST(Reexecution, reads_what_it_wrote) {
  auto r = parse_reexecution(format_reexecution(example()));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->role, Role::fork_server);
  EXPECT_EQ(r->family, 3);
  EXPECT_EQ(r->parent_life, 4);
  EXPECT_EQ(r->requests, 5);
  EXPECT_EQ(r->client_end, 6);
  EXPECT_EQ(r->server_life, -1);
  EXPECT_EQ(r->server, (family::MemberId{7, 8}));
  EXPECT_EQ(r->member, (family::MemberId{9, 10}));
  EXPECT_TRUE(r->binds_now);
  EXPECT_EQ(r->descriptors, (std::vector<int>{7, 8, 9}));
  EXPECT_EQ(r->nonce, ~std::uint64_t{0});
}

TEST(Reexecution, refuses_every_other_form) {
  std::string good = format_reexecution(example());
  for (std::size_t size = 0; size < good.size(); ++size) {
    auto cut = parse_reexecution(good.substr(0, size));
    // A shortened last number is a number still; it then fails at the nonce.
    EXPECT_TRUE(!cut || size > good.rfind(':')) << size;
  }
  for (const char* bad :
       {"", "x", "2", "2:worker", "1:worker:3:4:5:6:7:8:9:10:11:0:-1:0:12", "2:boss:3:4:5:6:7:8:9:10:11:0:-1:0:12",
        "2:worker:3:4:5:6:7:8:9:10:11:0:-1:0:12 ", "2:worker:3:4:5:6:7:8:9:10:11:0:-1:0:99999999999999999999999",
        "2:worker:a:4:5:6:7:8:9:10:11:0:-1:0:12", "2:worker:3:4:5:6:7:8:9:10:11:0:12",
        "2:worker:3:4:5:6:7:8:9:10:11:0:2:1:12", "2:worker:3:4:5:6:7:8:9:10:11:0:-1:1:12",
        "2:worker:3:4:5:6:7:8:9:10:11:0:8:251:12", "2:worker:3:4:5:6:7:8:9:10:11:0:2000000000:9:12"})
    EXPECT_FALSE(parse_reexecution(bad)) << bad;
}

}  // namespace
}  // namespace cohort::detail
