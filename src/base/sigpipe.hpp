// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Keeps the signal of a broken pipe from ending a process whose write was ours. It stands in base because the logger
// writes to the standard error, whose reader may have gone like any other.
#pragma once

namespace cohort::os {

/// While it lives, a write by this thread into a pipe without reader does not raise SIGPIPE.
class SigpipeBlocked {
 public:
  SigpipeBlocked() noexcept;
  ~SigpipeBlocked();
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

 private:
  bool was_blocked_ = true;
  bool was_pending_ = true;
};

}  // namespace cohort::os
