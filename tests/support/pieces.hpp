// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages of pipes for tests of those that go in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cohort/connection/connection.hpp"
#include "support/pipe_body.hpp"

namespace cohort::testing {

using Bytes = std::vector<std::byte>;

/// Bytes in which a missing, doubled or moved piece shows.
inline Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + (i >> 8) + seed);
  return bytes;
}

/// Small pieces, so that small messages have many.
inline void cut_into(const Connection& connection, std::uint64_t piece) { test::pipe_of(connection).piece = piece; }

}  // namespace cohort::testing
