// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The first code of a re-executed child: find the family, become the member that the parent prepared, do the work.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "cohort/process/init.hpp"
#include "os/process.hpp"
#include "process/fork_server.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/parent_watch.hpp"
#include "process/process_state.hpp"
#include "process/reexecution.hpp"
#include "process/standard_streams.hpp"
#include "shm/family.hpp"

namespace cohort {

namespace {

constexpr int kBadBootstrap = 70;  // EX_SOFTWARE

int say(const std::string& sentence) {
  std::string line = "cohort: " + sentence + "\n";
  log::write_raw(line.data(), line.size());
  return kBadBootstrap;
}

int run_worker(const detail::Reexecution& r) {
  CarriedDescriptors descriptors(r.descriptors);
  if (r.client_end >= 0)
    detail::adopt_fork_server(
        std::make_shared<detail::ForkServerLink>(os::Fd(r.client_end), os::Fd(r.server_life), r.server),
        os::current_credentials(), 0);
  detail::make_standard_streams_line_buffered();
  detail::Launch launch = detail::take_launch(r.member);
  shm::Family::instance().member(r.member).words[detail::word_claimed].store(
      1, std::memory_order_relaxed);  // relaxed: a flag
  detail::apply_launch(launch);
  return detail::run_launch(launch, r.member, std::move(descriptors));
}

int run_role(const detail::Reexecution& r) {
  std::vector<int> inherited = r.descriptors;
  inherited.insert(inherited.end(), {r.family, r.parent_life, r.requests, r.client_end, r.server_life});
  for (int fd : inherited) {
    if (fd < 0) continue;
    if (fd < 3) return say("COHORT_WORKER names a standard stream");
    if (!os::is_open(fd)) return say("COHORT_WORKER names a descriptor that is not open");
    os::set_close_on_exec(fd, true);
  }
  // Before the family is looked at: when the parent is gone it may have been swept up, and there is nobody left to tell.
  if (r.role == detail::Role::worker) {
    int error = detail::bind_to_parent(os::Fd(r.parent_life), os::parent_process_id());
    if (error != 0) throw OsError(error, "clone", "the thread that watches the parent");
  }
  if (r.binds_now) os::unset_environment_variable("LD_BIND_NOW");
  shm::Family::adopt(os::Fd(r.family));
  auto& family = shm::Family::instance();
  // relaxed: written before this program was executed
  if (family.member(r.member).words[detail::word_nonce].load(std::memory_order_relaxed) != r.nonce)
    return say("COHORT_WORKER does not fit the family that it names");
  family.become(r.member);
  if (r.role == detail::Role::worker) return run_worker(r);
  return detail::serve_forks(r);
}

}  // namespace

namespace detail {

bool run_if_worker(int& status) {
  process_state().hooked = true;
  std::string value = os::environment_variable(kWorkerVariable);
  if (value.empty()) return false;
  os::unset_environment_variable(kWorkerVariable);
  auto reexecution = parse_reexecution(value);
  if (!reexecution) {
    status = say("COHORT_WORKER has a form that this version does not know");
    return true;
  }
  try {
    status = run_role(*reexecution);
  } catch (const std::exception& e) { status = say(std::string("a worker could not start: ") + e.what()); }
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
