// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// This process's connection to a fork server: its own, or the one that it inherited.
#pragma once

#include <cstdint>
#include <optional>

#include "os/fd.hpp"

namespace cohort::detail {

/// Descriptors of a fork server that serves this process. Borrowed.
struct ForkServerFds {
  int requests;
  int life;
};

/// The server in use, for children that are to use it too; nullopt when there is none.
[[nodiscard]] std::optional<ForkServerFds> inherited_fork_server();
/// Has this process use a server that its parent passed on.
void adopt_fork_server(os::Fd requests, os::Fd life);
/// Ends the server that this process started, and waits for it. Its children are gone with it.
void stop_fork_server() noexcept;

/// How often a start by fork server could not be had; all 0 on Debian 12.
struct ForkServerFallbacks {
  std::uint64_t spawned_instead;  ///< the server had threads after start-up, so the child was spawned
};
[[nodiscard]] ForkServerFallbacks fork_server_fallbacks() noexcept;

}  // namespace cohort::detail
