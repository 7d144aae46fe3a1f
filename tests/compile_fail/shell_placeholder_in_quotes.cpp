// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error (gcc): shell_placeholder_inside_quotes_or_expansion
// first error (clang): call to consteval function .*ShellFormat
#include <string>

#include "cohort/subprocess/shell.hpp"

auto command(const std::string& text) { return cohort::subprocess::Shell{TWIN("echo \"{}\"", "echo {}"), text}; }
