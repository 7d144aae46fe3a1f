// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/running_child.hpp"

namespace cohort::detail {

RunningChild::~RunningChild() = default;

DirectChild::DirectChild(os::Child child, shm::MemberId member, StartMethod method)
    : child_(std::move(child)), member_(member), method_(method) {}

int DirectChild::sentinel() const noexcept { return child_.pidfd(); }

ExitStatus exit_status_of(int wait_status) noexcept {
  int signal = wait_status & 0x7f;
  if (signal == 0) return ExitStatus::exited((wait_status >> 8) & 0xff);
  return ExitStatus::signaled(signal, (wait_status & 0x80) != 0);
}

}  // namespace cohort::detail
