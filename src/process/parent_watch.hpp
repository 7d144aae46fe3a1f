// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The bond of a child to its parent's life, for children that no fork server looks after. Starts a thread, in the
// child: see os/life_bond.hpp.
#pragma once

#include <cstdint>

#include "os/fd.hpp"

namespace cohort::detail {

/// Ends this process once `parent` (a pidfd) says that the parent has ended; if it has already, at once. Makes raw
/// calls only, so it comes first in a forked child. Returns 0 or errno: without a bond the child must not live.
/// @param parent_pid  what getppid() gives while the parent lives; used alone where there is no pidfd
[[nodiscard]] int bind_to_parent(os::Fd parent, int parent_pid) noexcept;
/// How often the parent had to be watched by getppid() in this process, because the kernel has no pidfds. 0 on Debian
/// 12.
[[nodiscard]] std::uint64_t parent_watch_fallbacks() noexcept;

}  // namespace cohort::detail
