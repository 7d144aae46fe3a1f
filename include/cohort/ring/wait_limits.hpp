// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a call on a queue or a pipe waits: one object, handed down from the user's call to the wait by reference.
#pragma once

#include "cohort/base/until.hpp"

namespace cohort::detail {

/// How long to wait, and for what call of the user's.
struct WaitLimits : Until {
  const char* verb = "get";  ///< what the user called, for messages

  WaitLimits() noexcept = default;
  WaitLimits(const Until& until, const char* call = "get") noexcept : Until(until), verb(call) {}
  WaitLimits(Deadline limit, const std::stop_token* token) noexcept
      : Until(token == nullptr ? std::stop_token() : *token, limit) {}
  WaitLimits(Deadline limit, const std::stop_token& token) noexcept : Until(token, limit) {}
};

}  // namespace cohort::detail
