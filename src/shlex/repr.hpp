// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a trace shows a text: quoted and escaped as Python's repr() does.
#pragma once

#include <string>
#include <string_view>

namespace cohort::shlex {

/// `'text'` with control characters escaped; in double quotes when it holds single ones only. Bytes that are no UTF-8
/// come as the lone surrogates by which Python holds them. Characters beyond Latin-1 are taken to be printable.
[[nodiscard]] std::string repr(std::string_view text);

}  // namespace cohort::shlex
