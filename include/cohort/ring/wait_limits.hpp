// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a call on a queue or a pipe waits: one object, handed down from the user's call to the wait by reference.
#pragma once

#include <stop_token>

#include "cohort/base/until.hpp"

namespace cohort::detail {

/// How long to wait, and for what call of the user's.
struct WaitLimits : Until {
  const char* verb = "get";  ///< what the user called, for messages

  constexpr WaitLimits() noexcept = default;
  constexpr WaitLimits(Deadline limit, const std::stop_token* token = nullptr, const char* call = "get") noexcept
      : Until(limit, token), verb(call) {}
};

}  // namespace cohort::detail
