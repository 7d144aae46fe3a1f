// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Running this program again as a worker or as a fork server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "os/child.hpp"
#include "os/fd.hpp"
#include "shm/layout.hpp"

namespace cohort::detail {

enum class Role { worker, fork_server };

/// What a re-executed process finds in its environment: numbers of inherited descriptors and its place in the family.
struct Reexecution {
  Role role = Role::worker;
  int family = -1;         ///< the family memory
  int parent_life = -1;    ///< pidfd of the parent; -1: none
  int requests = -1;       ///< a fork server's: where it reads requests
  int client_end = -1;     ///< where requests are sent; a fork server passes it on to its children. -1: none
  int server_life = -1;    ///< in a worker: pidfd of the fork server that client_end leads to; -1: none
  shm::MemberId server{};  ///< in a worker: that server's member slot
  shm::MemberId member{};
  std::vector<int> descriptors;  ///< of a worker: that came for its arguments
  bool binds_now = false;        ///< LD_BIND_NOW was added to the environment, and is to be taken out again
  std::uint64_t nonce = 0;
};

/// The variable that carries it. Taken out of the environment at once, so that nothing started later inherits it.
inline constexpr const char* kWorkerVariable = "COHORT_WORKER";

[[nodiscard]] std::string format_reexecution(const Reexecution& reexecution);
/// nullopt when the text has another form.
[[nodiscard]] std::optional<Reexecution> parse_reexecution(const std::string& text);

/// Starts this program again. The descriptors named in `reexecution` get other numbers there. The member's record must be prepared;
/// its nonce is set here. Throws BootstrapError when main() was not handed over, and what os::spawn throws.
[[nodiscard]] os::Child reexecute(Reexecution reexecution);

/// True when COHORT_EXECUTABLE or set_executable() names another file than this program.
[[nodiscard]] bool has_other_executable();

}  // namespace cohort::detail
