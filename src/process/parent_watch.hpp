// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The bond of a child to its parent's life, for children that no fork server looks after.
#pragma once

#include <cstdint>
#include <mutex>

#include "os/fd.hpp"

namespace cohort::detail {

/// A descriptor of this process's own life (a pidfd on itself), made once; to be inherited by children. -1 where the
/// kernel has none.
[[nodiscard]] int own_life_fd();
/// Keeps that descriptor still around a fork by Cohort.
[[nodiscard]] std::unique_lock<std::mutex> lock_own_life_for_fork();
/// Kills this process once `parent` (a pidfd) says that the parent has ended; if it has already, at once. Starts the service thread.
/// @param parent_pid  what getppid() gives while the parent lives; used alone where there is no pidfd
void bind_to_parent(os::Fd parent, int parent_pid);
/// How often the parent had to be watched by getppid() in this process, because the kernel has no pidfds. 0 on Debian 12.
[[nodiscard]] std::uint64_t parent_watch_fallbacks() noexcept;

}  // namespace cohort::detail
