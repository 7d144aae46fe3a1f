// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The number of results that a chunk comes back with, where no bytes of theirs bound it.
#include <gtest/gtest.h>

#include "cohort/base/error.hpp"
#include "cohort/pool/chunk_invocation.hpp"

namespace cohort::detail {
namespace {

std::size_t read(std::uint64_t count, std::size_t most) {
  auto bytes = encode(count);
  Decoder in(bytes, DecodeLimits::within_family());
  return read_result_count(in, most);
}

TEST(ChunkResults, are_at_most_as_many_as_the_chunk_has_items) {
  EXPECT_EQ(read(1, 1), 1u);
  EXPECT_EQ(read(7, 10), 7u);
  EXPECT_THROW((void)read(0, 10), DecodeError);
  EXPECT_THROW((void)read(11, 10), DecodeError);
  EXPECT_THROW((void)read(UINT64_MAX, 10), DecodeError);
}

}  // namespace
}  // namespace cohort::detail
