// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error (gcc): no matching function for call to .*Shell|.text. is not usable in a constant expression
// first error (clang): no matching|call to consteval function
#include <string>

#include "cohort/subprocess/shell.hpp"

auto command([[maybe_unused]] const std::string& text) { return cohort::subprocess::Shell(TWIN(text, "ls")); }
