// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The start method fork: a copy of this process calls the function.

#include <mutex>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "os/thread.hpp"
#include "process/children.hpp"
#include "process/finalizers.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/parent_watch.hpp"
#include "process/process_core.hpp"
#include "process/process_exit.hpp"
#include "process/process_state.hpp"
#include "process/service_thread.hpp"
#include "process/standard_streams.hpp"
#include "process/uncaught.hpp"
#include "shm/family.hpp"
#include "shm/objects.hpp"
#include "shm/process_page.hpp"

namespace cohort::detail {

namespace {

// What stands still around the fork. With other threads (force_fork) one of them may be inside the library, and its locks
// must be free in the copy. The members are taken in their order, the one order in which these locks may nest anywhere,
// and both processes release them in the reverse order. The service thread comes first, because what it runs may log;
// the logger before the rest, because a sink may ask the library: so nobody logs who holds one of the rest.
struct ForkGuards {
  ServiceThreadForkGuard service;
  log::ForkGuard logger;
  std::unique_lock<std::mutex> server = lock_fork_server_for_fork();
  std::unique_lock<std::mutex> finalizers = lock_finalizers_for_fork();
  std::unique_lock<std::mutex> life = lock_own_life_for_fork();
  std::unique_lock<std::mutex> state{process_state().mutex};
  os::BlockSignals blocked;

  void in_child() {
    logger.in_child();
    service.in_child();
  }
};

// The child's whole life. It shares no thread with the parent, so the heap and the streams are usable.
[[noreturn]] void live(ProcessCore& core, const Launch& launch, shm::MemberId member, os::Fd parent_life,
                       int parent_pid) {
  forget_children();
  reset_process_exit();
  apply_launch(launch);
  os::detach_standard_input();
  make_standard_streams_line_buffered();
  bind_to_parent(std::move(parent_life), parent_pid);
  int code = run_reporting(launch.name, [&] {
    run_after_fork();
    core.body().run();
  });
  run_process_exit();
  log_exit(code);
  flush_standard_streams();
  note_exit_code(member, code);
  shm::Family::leave();
  // Not exit(): the parent's exit handlers and static objects are the parent's to end.
  os::end_process(code);
}

}  // namespace

std::shared_ptr<RunningChild> start_by_fork(ProcessCore& core, const std::string& name, bool daemon,
                                            const std::vector<std::byte>& authkey) {
  int own = os::library_threads();
  int threads = os::settled_thread_count(1 + own) - own;
  if (threads > 1 && !core.force_fork())
    throw StateError(
        "Process.start", name,
        "this process has " + std::to_string(threads) +
            " threads, and a forked copy may hang on any lock that they hold; use forkserver or spawn, or set "
            "ProcessOptions::force_fork");
  auto& family = shm::Family::instance();
  shm::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::fork, parent);
  shm::MemberId member = family.reserve_member(parent);
  int life = own_life_fd();
  int parent_pid = os::process_id();
  flush_standard_streams();
  pid_t pid;
  try {
    // The child's handles are as ours, and so are its references.
    shm::ObjectsTurn handles;
    family.objects().copy_ledger(member);
    ForkGuards guards;
    pid = os::fork_process();
    if (pid == 0) {
      guards.in_child();
      family.become(member);
    }
  } catch (...) {
    family.abandon_member(member);
    throw;
  }
  if (pid == 0) live(core, launch, member, os::Fd(life), parent_pid);
  return std::make_shared<DirectChild>(os::Child(pid), member, StartMethod::fork);
}

}  // namespace cohort::detail
