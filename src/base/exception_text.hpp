// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What an exception says of itself, for a log line or another message: never null, which what() of a class of the
// user's may be.
#pragma once

#include <exception>

namespace cohort {

/// `what()`, or "(no text)" where that is null.
[[nodiscard]] inline const char* text_or_none(const std::exception& exception) noexcept {
  const char* text = exception.what();
  return text != nullptr ? text : "(no text)";
}

}  // namespace cohort
