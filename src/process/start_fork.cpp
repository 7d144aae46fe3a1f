// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The start method fork: a copy of this process calls the function.

#include <cxxabi.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "family/process_page.hpp"
#include "object/local_objects.hpp"
#include "object/objects.hpp"
#include "os/child.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "os/thread.hpp"
#include "park/wait_word.hpp"
#include "process/children.hpp"
#include "process/finalizers.hpp"
#include "process/fork_server_client.hpp"
#include "process/launch.hpp"
#include "process/parent_watch.hpp"
#include "process/process_core.hpp"
#include "process/process_exit.hpp"
#include "process/process_state.hpp"
#include "process/record_return.hpp"
#include "process/service_thread.hpp"
#include "process/standard_streams.hpp"
#include "process/uncaught.hpp"

namespace cohort::detail {

namespace {

// What stands still around the fork. With other threads (force_fork) one of them may be inside the library, and its
// locks must be free in the copy. The members are taken in their order, the one order in which these locks may nest
// anywhere, and both processes release them in the reverse order. The logger comes first, because a sink may ask the
// library: so nobody logs who holds one of the rest. The fork server comes before the service thread, which is asked
// under its lock to watch a new one; what the service thread runs only tries the lock of the fork server.
struct ForkGuards {
  log::ForkGuard logger;
  std::unique_lock<std::mutex> server = lock_fork_server_for_fork();
  ServiceThreadForkGuard service;
  std::unique_lock<std::mutex> finalizers = lock_finalizers_for_fork();
  std::unique_lock<std::mutex> state{process_state().mutex};
  os::BlockSignals blocked;

  void in_child() {
    logger.in_child();
    service.in_child();
  }
};

constexpr int kBadStart = 70;  // EX_SOFTWARE, as a re-executed child that cannot begin ends

// Tells the parent what this copy could not do, and ends it.
[[noreturn]] void fail_start(family::MemberRecord& record, StartStep step, int error) noexcept {
  // relaxed: both: ordered by launch_state
  record.launch_step.store(static_cast<std::uint64_t>(step), std::memory_order_relaxed);
  record.launch_error.store(static_cast<std::uint64_t>(error), std::memory_order_relaxed);
  // SYNC(launch_state): this release store -> await_beginning() acquire load; carries step and error
  record.launch_state.store(static_cast<std::uint32_t>(LaunchState::failed), std::memory_order_release);
  os::futex_wake_all(record.launch_state);
  os::end_process(kBadStart);
}

// The child's first steps, while the parent waits for their outcome. Returns only as a child that may live.
void begin(ForkGuards& guards, family::Family& family, family::MemberId member, family::MemberRecord& record,
           os::Fd parent_life, int parent_pid) noexcept {
  if (int error = bind_to_parent(std::move(parent_life), parent_pid)) fail_start(record, StartStep::bond, error);
  try {
    guards.in_child();
    family.become(member);
  } catch (const OsError& e) { fail_start(record, StartStep::take_over, e.code().value()); } catch (...) {
    fail_start(record, StartStep::take_over, ENOMEM);
  }
  // SYNC(launch_state): this release store -> await_beginning() acquire load
  record.launch_state.store(static_cast<std::uint32_t>(LaunchState::forked), std::memory_order_release);
  os::futex_wake_all(record.launch_state);
}

// Returns when the child has begun, or has ended otherwise. Throws when it says that it lacks something.
void await_beginning(family::MemberRecord& record, os::Child& child) {
  // SYNC(launch_state): release stores in begin(), fail_start() -> this load; carries step and error
  auto state = [&] { return static_cast<LaunchState>(record.launch_state.load(std::memory_order_acquire)); };
  auto told = [&] { return state() != LaunchState::prepared || child.status().has_value(); };
  auto has_ended = [&](const park::Patience&) {
    (void)child.poll();
    return child.status().has_value();
  };
  // One that somebody stopped at birth is a child that runs, as any that is stopped later.
  Deadline patience = std::chrono::seconds(5);
  park::Hooks hooks{.spin = park::kNoSpin, .overdue = has_ended};
  (void)park::WaitWord(record.launch_state, park::Mark()).wait(told, patience, hooks);
  if (state() != LaunchState::failed) return;
  // relaxed: both: ordered by the acquire above
  auto step = static_cast<StartStep>(record.launch_step.load(std::memory_order_relaxed));
  auto error = static_cast<int>(record.launch_error.load(std::memory_order_relaxed));
  if (step == StartStep::bond)
    throw SpawnError(error, "clone", "the child's thread that watches its parent (see RLIMIT_NPROC, pids.max)");
  throw SpawnError(error, "fork", "the child could not take over the library's state");
}

// What the child does until it ends, and its exit code.
int work(ProcessCore& core, const Launch& launch) {
  forget_children();
  reset_process_exit();
  apply_launch(launch);
  os::detach_standard_input();
  make_standard_streams_line_buffered();
  return run_reporting(launch.name, [&] {
    run_after_fork();
    core.body().run();
  });
}

void finish(family::MemberId member, int code) {
  // A copy that the function made of the process, and that returned from it, has nothing of this process's to end.
  if (!(family::Family::self_or_nobody() == member)) return flush_standard_streams();
  run_process_exit();
  log_exit(code);
  flush_standard_streams();
  note_exit_code(member, code);
}

// The child's whole life. It shares no thread with the parent, so the heap and the streams are usable. Whatever happens
// in it, no frame of the parent's that called start() is ever returned to or unwound here: that would be the program a
// second time.
[[noreturn]] void live(ProcessCore& core, const Launch& launch, family::MemberId member) noexcept {
  family::LockDeadline::Lifted lifted;  // the parent's may be a call with a deadline
  int code = kBadStart;
  try {
    try {
      code = work(core, launch);
    } catch (const abi::__forced_unwind&) {
      // pthread_exit() in the only thread that the user knows: as at the end of main(), the process ends with 0.
      finish(member, 0);
      family::Family::leave();
      os::end_process(0);
    }
    finish(member, code);
  } catch (...) {
    // Of what is ours before and after the function: no memory, a sink or a stream that throws.
    if (code == 0) code = kBadStart;
    report_current(launch.name);
    note_exit_code(member, code);
  }
  family::Family::leave();
  // Not exit(): the parent's exit handlers and static objects are the parent's to end.
  os::end_process(code);
}

// The child as ours to wait for. Without the memory for that it must not go on, as nobody would ever know of it.
os::Child own_child(pid_t pid) {
  try {
    return os::Child(pid);
  } catch (...) {
    os::signal_child(pid, SIGKILL);
    os::reap_child(pid);
    throw;
  }
}

}  // namespace

std::shared_ptr<RunningChild> start_by_fork(ProcessCore& core, const std::string& name, bool daemon,
                                            const AuthenticationKey& authkey) {
  int own = os::library_threads();
  int threads = os::settled_thread_count(1 + own) - own;
  if (threads > 1 && !core.force_fork())
    throw StateError(
        "Process.start", name,
        "this process has " + std::to_string(threads) +
            " threads, and a forked copy may hang on any lock that they hold; use forkserver or spawn, or set "
            "ProcessOptions::force_fork");
  auto& family = family::Family::instance();
  family::MemberId parent = family.self();
  Launch launch = describe_launch(name, core.identity(), daemon, authkey, StartMethod::fork, parent);
  family::MemberId member = family.reserve_member(parent);
  family::MemberRecord& record = family.member(member);
  pid_t pid;
  try {
    os::Fd life = os::own_life();
    int parent_pid = os::process_id();
    flush_standard_streams();
    // The child's handles are as ours, and so are its references.
    family::ObjectsTurn handles;
    object::settle_local_objects();
    object::Objects(family).copy_ledger(member);
    ForkGuards guards;
    pid = os::fork_process();
    if (pid == 0) begin(guards, family, member, record, std::move(life), parent_pid);
  } catch (...) {  // in the parent: begin() does not throw
    give_record_back(member);
    throw;
  }
  if (pid == 0) live(core, launch, member);
  os::Child child;
  try {
    child = own_child(pid);
    await_beginning(record, child);
    return std::make_shared<DirectChild>(std::move(child), member, StartMethod::fork);
  } catch (...) {
    // A child that nobody knows of must not go on. One that has reported why it cannot begin has ended.
    (void)child.send_signal(SIGKILL);
    child.wait(Deadline::never());
    give_record_back(member);
    throw;
  }
}

}  // namespace cohort::detail
