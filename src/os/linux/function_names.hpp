// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which functions hold some addresses, by the symbol tables of the files that were loaded. The loader knows the names
// only that a module exports, and a program exports none unless it is linked with -rdynamic; the file has all of them
// until it is stripped.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cohort::os {

/// A mangled name for each address, empty where the files know none. Files are opened for it, and what was found is
/// kept.
[[nodiscard]] std::vector<std::string> function_names(std::span<const void* const> addresses);
/// The same from one file, which may hold anything, for addresses as they stood at link time.
[[nodiscard]] std::vector<std::string> function_names_in_file(int fd, std::span<const std::uintptr_t> addresses);

}  // namespace cohort::os
