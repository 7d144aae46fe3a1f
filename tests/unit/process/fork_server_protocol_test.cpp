// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/fork_server_protocol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "process/launch.hpp"

namespace cohort::detail {
namespace {

std::vector<std::byte> packet(std::array<std::uint32_t, 6> fields) {
  std::vector<std::byte> bytes(sizeof fields);
  std::memcpy(bytes.data(), fields.data(), sizeof fields);
  return bytes;
}

TEST(ForkRequest, is_read_as_it_was_written) {
  ForkRequest request;
  request.slot = 5;
  request.generation = 6;
  request.argument = 3;
  request.descriptors = kMostDescriptors;
  auto read = parse_fork_request(std::as_bytes(std::span(&request, 1)));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::memcmp(&*read, &request, sizeof request), 0);
}

TEST(ForkRequest, of_another_form_is_none) {
  const std::uint32_t magic = kForkServerMagic;
  EXPECT_TRUE(parse_fork_request(packet({magic, 4, 1, 1, 9, 0})));
  EXPECT_FALSE(parse_fork_request(packet({magic + 1, 4, 1, 1, 9, 0})));
  for (std::uint32_t kind : {0u, 5u, 0x101u, 0xffffffffu})
    EXPECT_FALSE(parse_fork_request(packet({magic, kind, 1, 1, 0, 0})));
  EXPECT_FALSE(parse_fork_request(packet({magic, 1, 1, 1, 4, 0}))) << "a third stream";
  EXPECT_FALSE(parse_fork_request(packet({magic, 1, 1, 1, 0, kMostDescriptors + 1})));
  EXPECT_FALSE(parse_fork_request(packet({magic, 1, 1, 1, 0, 0xffffffffu})));
  EXPECT_FALSE(parse_fork_request(packet({magic, 4, 1, 1, 0x80000009u, 0}))) << "a negative signal";
  EXPECT_FALSE(parse_fork_request(packet({magic, 2, 1, 1, 0, 1}))) << "descriptors that nobody takes";
  auto whole = packet({magic, 2, 1, 1, 0, 0});
  EXPECT_TRUE(parse_fork_request(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_fork_request(std::span(whole).first(size)));
  whole.push_back({});
  EXPECT_FALSE(parse_fork_request(whole));
}

}  // namespace
}  // namespace cohort::detail
