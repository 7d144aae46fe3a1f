// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The one call of ppoll(2) in this folder: with a deadline, whatever signals come and however few descriptors are
// allowed.
#pragma once

#include <poll.h>

#include <span>

#include "cohort/base/deadline.hpp"

namespace cohort::os {

/// Waits until one of `entries` is ready or the deadline passes; returns how many are, -1 with errno when the kernel
/// has no memory. Negative descriptors are skipped, as ppoll does. Allocates only where ppoll refuses the number of
/// entries.
int poll_until(std::span<pollfd> entries, Deadline deadline) noexcept;

}  // namespace cohort::os
