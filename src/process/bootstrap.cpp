// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The first code of a re-executed child: find the family, become the member that the parent prepared, do the work.

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "cohort/process/init.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/family.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "os/program_start.hpp"
#include "os/socket.hpp"
#include "process/fork_server.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/parent_watch.hpp"
#include "process/process_state.hpp"
#include "process/reexecution.hpp"
#include "process/standard_streams.hpp"

namespace cohort {

namespace {

int say(const std::string& sentence, detail::BootstrapStatus status = detail::status_failed) {
  std::string line = "cohort: " + sentence + "\n";
  log::write_raw(line.data(), line.size());
  return status;
}

// What the exception that is being handled says, or its class where it says nothing.
std::string reason() {
  detail::ExceptionText what = detail::describe_current_exception();
  return what.text.empty() ? what.type : what.text;
}

int say(detail::BootstrapStatus status) {
  return say(std::string("a worker could not start: ") + detail::bootstrap_status_text(status), status);
}

// What reexecute() said to this process, if it was started so. The environment is only one of the ways: constructors
// empty it, launchers do not pass it on.
std::optional<std::string> orders() {
  std::optional<std::string> text;
  for (std::string& argument : os::program_arguments())
    for (std::string_view mark : {detail::kWorkerArgument, detail::kServerArgument})
      if (argument.starts_with(mark)) text = argument.substr(mark.size());
  std::string value = os::environment_variable(detail::kWorkerVariable);
  if (!value.empty()) os::unset_environment_variable(detail::kWorkerVariable);
  if (!text && !value.empty()) text = std::move(value);
  return text;
}

// Whether a family memory lies where reexecute() passes it on, and is not one that this program's constructors have
// begun.
bool inherited_family() {
  if (!family::Family::is_family_memory(detail::kFamilyDescriptor)) return false;
  return !family::Family::exists() || family::Family::instance().fd() != detail::kFamilyDescriptor;
}

// Whether the inherited descriptors are what reexecute() passed on. Files of others may have their numbers by now.
bool has_descriptors(const detail::Reexecution& r) {
  for (int life : {r.parent_life, r.server_life})
    if (life >= 0 && !os::is_pidfd(life)) return false;
  for (int socket : {r.requests, r.client_end})
    if (socket >= 0 && !os::is_socket(socket)) return false;
  for (int fd : r.descriptors)
    if (!os::is_open(fd)) return false;
  return family::Family::is_family_memory(r.family);
}

int run_worker(const detail::Reexecution& r) {
  CarriedDescriptors descriptors(r.descriptors);
  if (r.client_end >= 0)
    detail::adopt_fork_server(
        std::make_shared<detail::ForkServerLink>(os::Fd(r.client_end), os::Fd(r.server_life), r.server),
        os::current_credentials(), 0);
  detail::make_standard_streams_line_buffered();
  detail::Launch launch = detail::take_launch(r.member);
  family::Family::instance().member(r.member).launch_progress.store(1, std::memory_order_relaxed);  // relaxed: a flag
  detail::apply_launch(launch);
  return detail::run_launch(launch, r.member, std::move(descriptors));
}

int run_role(const detail::Reexecution& r) {
  std::vector<int> inherited = r.descriptors;
  inherited.insert(inherited.end(), {r.family, r.parent_life, r.requests, r.client_end, r.server_life});
  if (family::Family::exists()) return say(detail::status_too_late);
  if (!has_descriptors(r)) return say(detail::status_descriptors);
  for (int fd : inherited) {
    if (fd < 0) continue;
    if (fd < 3) return say("COHORT_WORKER names a standard stream");
    os::set_close_on_exec(fd, true);
  }
  // Before the family is looked at: when the parent is gone it may have been swept up, and there is nobody left to
  // tell.
  if (r.role == detail::Role::worker) {
    int error = detail::bind_to_parent(os::Fd(r.parent_life), os::parent_process_id());
    if (error != 0) throw OsError(error, "clone", "the thread that watches the parent");
  }
  if (r.binds_now) os::unset_environment_variable("LD_BIND_NOW");
  family::Family::adopt(os::Fd(r.family));
  auto& family = family::Family::instance();
  // relaxed: written before this program was executed
  if (family.member(r.member).launch_nonce.load(std::memory_order_relaxed) != r.nonce)
    return say("a worker could not start: its orders do not fit the family that they name");
  int pid = os::process_id();
  try {
    family.become(r.member);
    return r.role == detail::Role::worker ? run_worker(r) : detail::serve_forks(r);
  } catch (const abi::__forced_unwind&) { throw; } catch (...) {
    if (os::process_id() == pid) detail::note_failure(r.member, reason());  // not in a child of the fork server
    throw;
  }
}

}  // namespace

namespace detail {

bool run_if_worker(int& status) {
  process_state().hooked = true;
  auto text = orders();
  if (!text && !inherited_family()) return false;
  // From here on this is no place for the program's main(): a worker that cannot work ends.
  if (os::started_with_privileges()) {
    status = say(status_privileged);
    return true;
  }
  if (!text) {
    status = say(status_unmarked);
    return true;
  }
  try {
    auto reexecution = parse_reexecution(*text);
    status = reexecution ? run_role(*reexecution)
                         : say("a worker could not start: its orders have a form that this version does not know");
  } catch (const abi::__forced_unwind&) {  // the end of the only thread by pthread_exit() must not be swallowed
    throw;
  } catch (...) {  // a Codec of the user's throws what it likes
    status = say("a worker could not start: " + reason());
  }
  return true;
}

}  // namespace detail

void init(int, char**) { freeze_support(); }

void freeze_support() {
  static bool done = false;
  if (done || detail::process_state().hooked) return;
  done = true;
  int status = 0;
  if (detail::run_if_worker(status)) std::exit(status);  // NOLINT(concurrency-mt-unsafe): first in main()
}

}  // namespace cohort
