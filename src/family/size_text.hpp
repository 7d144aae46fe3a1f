// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Sizes as people write them in the environment: "512M", "2G", "1048576".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::family {

/// Digits and at most one of K, M, G, T, in either case; nullopt for any other text, 0, and what 64 bits do not hold.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

}  // namespace cohort::family
