// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a call on a queue or a pipe waits: one object, handed down from the user's call to the wait by reference.
#pragma once

#include <stop_token>

#include "cohort/base/deadline.hpp"

namespace cohort::detail {

/// How long to wait, and for what call of the user's.
struct WaitLimits {
  Deadline deadline;
  const std::stop_token* stop = nullptr;  ///< may be null
  const char* verb = "get";               ///< what the user called, for messages
};

}  // namespace cohort::detail
