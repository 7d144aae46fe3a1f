// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The word that says of which shape a value or the items of an array are (detail::shape_word in value.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cohort/base/error.hpp"

namespace cohort::detail {

[[nodiscard]] constexpr std::size_t shape_size(std::uint64_t shape) noexcept { return shape & UINT32_MAX; }
[[nodiscard]] constexpr bool shape_is_atomic(std::uint64_t shape) noexcept { return (shape >> 32 & 1) != 0; }

/// A handle that arrived must show what its type says: what follows computes with the type's size.
inline void check_shape(std::string_view what, std::uint64_t expected, std::uint64_t found) {
  if (expected == found) return;
  throw DecodeError(
      what, std::to_string(shape_size(found)) + " bytes",
      "it was made for another type, of " + std::to_string(shape_size(expected)) + " bytes or another sort");
}

}  // namespace cohort::detail
