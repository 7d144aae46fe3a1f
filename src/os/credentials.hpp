// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: who this process is to the kernel. A fork server started under one set of credentials must not make
// workers for a process that has since taken another.
#pragma once

#include <array>
#include <cstdint>
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

}  // namespace cohort::os
