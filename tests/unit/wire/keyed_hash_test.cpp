// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A hash that no sender of keys can aim at.
#include "wire/keyed_hash.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <vector>

namespace cohort::detail {
namespace {

using Bytes = std::vector<std::byte>;

// The reference vectors of the paper's authors are for two and four rounds; this one is of SipHash-1-3, from CPython's
// and Rust's tables: key 00 01 … 0f, the bytes 00 01 … of each length.
TEST(KeyedHash, is_siphash_whatever_the_pieces) {
  const HashKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  Bytes bytes;
  for (int i = 0; i < 64; ++i) bytes.push_back(static_cast<std::byte>(i));
  const auto of = [&](std::size_t size, std::size_t piece) {
    KeyedHash hash(key);
    for (std::size_t at = 0; at < size; at += piece) hash.add(std::span(bytes).subspan(at, std::min(piece, size - at)));
    return hash.finish();
  };
  EXPECT_EQ(of(0, 1), 0xabac0158050fc4dcU);
  EXPECT_EQ(of(1, 1), 0xc9f49bf37d57ca93U);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    for (std::size_t piece : {1, 3, 8, 13}) EXPECT_EQ(of(size, piece), of(size, 64));
  }
}

TEST(KeyedHash, takes_a_number_as_its_eight_bytes) {
  const HashKey key{1, 2};
  KeyedHash number(key);
  number.add(std::uint64_t{0x0102030405060708});
  KeyedHash bytes(key);
  bytes.add(Bytes{std::byte{8}, std::byte{7}, std::byte{6}, std::byte{5}, std::byte{4}, std::byte{3}, std::byte{2},
                  std::byte{1}});
  EXPECT_EQ(number.finish(), bytes.finish());
}

TEST(KeyOfProcess, is_random_and_kept_over_a_fork) {
  const HashKey key = key_of_process();
  EXPECT_TRUE(key.first != 0 || key.second != 0);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(key_of_process().first == key.first && key_of_process().second == key.second ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cohort::detail
