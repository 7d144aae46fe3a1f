// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How sha256sum writes things down.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace digest_tree {

using Digest = std::array<std::uint8_t, 32>;

/// One line of a list, with its newline. A name with a backslash, newline or carriage return has them escaped, and the
/// line then starts with a backslash.
[[nodiscard]] std::string list_line(const Digest& digest, std::string_view path);

/// A name as messages show it: quoted for the shell where it needs to be, with bytes that cannot be printed in octal.
[[nodiscard]] std::string quoted_name(std::string_view path);

}  // namespace digest_tree
