// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a call on a queue or a pipe waits: one object, handed down from the user's call to the wait by reference.
#pragma once

#include "cohort/base/until.hpp"

namespace cohort::detail {

/// How long to wait, and for what call of the user's. Refers to the Until, which must outlive it: a parameter, not to be
/// kept.
struct WaitLimits {
  const Until& until;
  const char* verb;  ///< what the user called, for messages
};

}  // namespace cohort::detail
