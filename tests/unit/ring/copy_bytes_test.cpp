// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/copy_bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cohort::ring {
namespace {

TEST(CopyBytes, copies_as_many_as_it_is_told_and_touches_none_beside_them) {
  std::array<std::byte, 400> from{};
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i + 1);
  for (std::size_t size = 0; size <= 200; ++size) {
    std::array<std::byte, 400> to{};
    copy_bytes(to.data() + 50, from.data() + 3, size);
    for (std::size_t i = 0; i < to.size(); ++i) {
      bool inside = i >= 50 && i < 50 + size;
      ASSERT_EQ(to[i], inside ? from[i - 50 + 3] : std::byte{0}) << size << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace cohort::ring
