// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A call that waits for locks no longer than for what it was called for: another process may be stopped while it holds
// one.
#pragma once

#include "cohort/base/deadline.hpp"
#include "family/lock.hpp"

namespace cohort::ring {

/// What `call` returns; `late` when another process held a lock of ours until the deadline.
template <class Result, class Call>
Result limited(const Deadline& deadline, Result late, Call call) {
  if (deadline.is_never()) return call();
  family::LockDeadline limit(deadline);
  try {
    return call();
  } catch (const family::LockedOut&) { return late; }
}

}  // namespace cohort::ring
