// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: a look that needs a descriptor, in a process that has none left.
#pragma once

namespace cohort::os {

/// Calls `look(argument)` with an empty table of descriptors of its own, while the calling thread waits; what it opens
/// is closed when it returns. For when the process's own table is full. `look` makes raw system calls only, and needs
/// less than 24 KiB of stack. Nothing is allocated: also for a child that was just forked from a program with threads.
/// Returns: false when the system does not allow it; `look` was not called then. Cost: 60 µs
[[nodiscard]] bool with_own_descriptors(void (*look)(void* argument), void* argument) noexcept;

}  // namespace cohort::os
