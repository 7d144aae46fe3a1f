// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// This process's connection to a fork server: its own, or the one that it inherited.
//
// Starts the service thread with a server of its own, to reap that as soon as it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "os/credentials.hpp"
#include "os/fd.hpp"
#include "process/fork_server_link.hpp"

namespace cohort::detail {

/// The server in use, for children that are to use it too; nullptr when there is none.
[[nodiscard]] std::shared_ptr<ForkServerLink> inherited_fork_server();
/// Has this process use a server that its parent passed on.
/// @param credentials  those of the server
/// @param environment  digest of the server's environment; 0 when unknown
void adopt_fork_server(std::shared_ptr<ForkServerLink> link, os::Credentials credentials, std::uint64_t environment);
/// Keeps the record of a child from being used again as long as a server that was not waited for may still write to it.
/// False, with nothing done, while another thread starts a child or a server.
[[nodiscard]] bool try_lend_record(std::shared_ptr<ForkServerLink> link, family::MemberId member) noexcept;
/// Ends the servers that this process started, and waits for them. Their children are gone with them.
void stop_fork_servers() noexcept;
/// Keeps the connection still around a fork by Cohort.
[[nodiscard]] std::unique_lock<std::mutex> lock_fork_server_for_fork();

/// How often a start by fork server could not be had; all 0 on Debian 12.
struct ForkServerFallbacks {
  std::uint64_t spawned_instead;  ///< the server had threads after start-up, so the child was spawned
};
[[nodiscard]] ForkServerFallbacks fork_server_fallbacks() noexcept;

}  // namespace cohort::detail
