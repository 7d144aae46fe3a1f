// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Quoting one word for a POSIX shell.
#pragma once

#include <string>
#include <string_view>

namespace cohort::subprocess::detail {

/// `word` so that a POSIX shell reads it as exactly that one word; unquoted where nothing in it is special.
[[nodiscard]] std::string quote(std::string_view word);

}  // namespace cohort::subprocess::detail
