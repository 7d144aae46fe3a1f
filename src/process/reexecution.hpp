// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Running this program again as a worker or as a fork server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "family/layout.hpp"
#include "os/child.hpp"
#include "os/fd.hpp"

namespace cohort::detail {

enum class Role { worker, fork_server };

/// What a re-executed process finds in its environment: numbers of inherited descriptors and its place in the family.
struct Reexecution {
  Role role = Role::worker;
  int family = -1;            ///< the family memory
  int parent_life = -1;       ///< pidfd of the parent; -1: none
  int requests = -1;          ///< a fork server's: where it reads requests
  int client_end = -1;        ///< where requests are sent; a fork server passes it on to its children. -1: none
  int server_life = -1;       ///< in a worker: pidfd of the fork server that client_end leads to; -1: none
  family::MemberId server{};  ///< in a worker: that server's member slot
  family::MemberId member{};
  std::vector<int> descriptors;  ///< of a worker: that came for its arguments
  bool binds_now = false;        ///< LD_BIND_NOW was added to the environment, and is to be taken out again
  std::uint64_t nonce = 0;
};

/// What carries it, twice: the last argument, which begins so, and a variable. Either is enough, since a program that
/// stands between (sudo, env -i, a wrapper script) or a constructor of the program may take one of them away; main()
/// sees neither. The variable is taken out of the environment at once, so that nothing started later inherits it.
inline constexpr std::string_view kWorkerArgument = "--cohort-worker=";
inline constexpr std::string_view kServerArgument = "--cohort-fork-server=";
inline constexpr const char* kWorkerVariable = "COHORT_WORKER";
/// Where the family memory lies in a re-executed process: the third sign, and the last. Nothing but reexecute() lets it
/// be inherited.
inline constexpr int kFamilyDescriptor = 3;

/// What a re-executed process ends with when it cannot take up its work. Means this only while `launch_progress` of
/// its record is 0.
enum BootstrapStatus : int {
  status_failed = 70,       ///< why is in launch_failure, if the family could be reached
  status_preload = 71,      ///< a preload function failed
  status_privileged = 72,   ///< started with raised privileges
  status_descriptors = 73,  ///< what it should have inherited is closed, or something else
  status_unmarked = 74,     ///< neither argument nor variable arrived
  status_too_late = 75,     ///< constructors had made a family before the process could join its own
};
/// Such a status in words; nullptr for any other number.
[[nodiscard]] const char* bootstrap_status_text(int status) noexcept;

[[nodiscard]] std::string format_reexecution(const Reexecution& reexecution);
/// nullopt when the text has another form.
[[nodiscard]] std::optional<Reexecution> parse_reexecution(const std::string& text);

/// Starts this program again. The descriptors named in `reexecution` get other numbers there. The member's record must
/// be prepared; its nonce is set here.
/// @throws BootstrapError, before anything is started, when main() was not handed over or no re-executed child could
///         work here (raised privileges, a closed descriptor); what os::spawn throws
[[nodiscard]] os::Child reexecute(Reexecution reexecution);

/// True when another file than this program is executed: COHORT_EXECUTABLE, set_executable(), COHORT_LAUNCHER.
[[nodiscard]] bool has_other_executable();

/// Waits until a started child has found its way into worker code, because whether one does depends on what lies
/// between: another executable, a launcher, constructors. Returns at once after the first child that did, unless
/// another file is executed.
/// @throws BootstrapError that says why it did not, after its end
void wait_until_claimed(family::MemberId member, os::Child& child, const std::string& name);
/// Why a re-executed child ended before it took up its work, as far as anybody knows: its own words, or what its status
/// says.
[[nodiscard]] std::string why_not_claimed(family::MemberId member, const ExitStatus& status);

}  // namespace cohort::detail
