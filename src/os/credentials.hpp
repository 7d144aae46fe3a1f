// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: who this process is to the kernel. A fork server started under one set of credentials must not make
// workers for a process that has since taken another.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::os {

struct Credentials {
  std::array<std::uint32_t, 3> uids{};  ///< real, effective, saved
  std::array<std::uint32_t, 3> gids{};
  std::vector<std::uint32_t> groups;
  bool no_new_privileges = false;
  int seccomp_mode = 0;
  std::array<std::uint64_t, 6> namespaces{};  ///< inode numbers: user, mount, pid for children, network, ipc, uts

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// The credentials of the calling thread now. About 5 µs.
[[nodiscard]] Credentials current_credentials();

/// What a process may do, as /proc shows it to others: what a server goes by that acts for whoever asks.
struct Privileges {
  std::array<std::uint32_t, 3> uids{};  ///< real, effective, saved
  std::array<std::uint32_t, 3> gids{};
  std::vector<std::uint32_t> groups;
  std::uint64_t permitted = 0;  ///< capabilities that it has, or can have at once
  std::uint64_t bounding = 0;   ///< capabilities that the execution of a program can give it
  bool no_new_privileges = false;
  std::uint32_t seccomp_filters = 0;  ///< at least 1 in any mode
};
/// Those of the process with the number `pid` (0: this one); nullopt when the system does not say. Throws OsError when
/// this process may have no further descriptor. Some 20 µs.
[[nodiscard]] std::optional<Privileges> privileges_of(std::int32_t pid);
/// True when who has `asker` may have all that a process with `server` has: the same ids, as many capabilities (for
/// root, those that it gets by executing a program), no filter and no renunciation that the server does not have.
[[nodiscard]] bool may_have(const Privileges& asker, const Privileges& server) noexcept;

}  // namespace cohort::os
