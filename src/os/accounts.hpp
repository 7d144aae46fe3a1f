// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: numbers of users and groups by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::os {

/// The id of a user; nullopt when there is none of that name. Throws OsError when the data base cannot be read.
[[nodiscard]] std::optional<std::uint32_t> find_user(const std::string& name);
/// The id of a group, likewise.
[[nodiscard]] std::optional<std::uint32_t> find_group(const std::string& name);

}  // namespace cohort::os
