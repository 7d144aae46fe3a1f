// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// All waiting goes through the pidfd, which never names another process; only reaping takes the status, and that
// happens under the lock. Without pidfds a waiter uses WNOWAIT, which leaves the child to be reaped under the lock.
#include "os/child.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/linux/contained.hpp"
#include "os/linux/poll.hpp"

namespace cohort::os {

namespace {

constexpr int kByPidfd = 3;  // P_PIDFD, which the C library's headers have since 2.32 only

// waitid with the kernel's fifth argument, which the C library's wrapper leaves out.
int raw_waitid(int type, int id, siginfo_t* info, int options, rusage* usage) noexcept {
  return static_cast<int>(::syscall(SYS_waitid, type, id, info, options, usage));
}

ExitStatus status_of(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return ExitStatus::exited(info.si_status);
  return ExitStatus::signaled(info.si_status, info.si_code == CLD_DUMPED);
}

ExitStatus status_of_wait(int status) noexcept {
  if (WIFEXITED(status)) return ExitStatus::exited(WEXITSTATUS(status));
  return ExitStatus::signaled(WTERMSIG(status), WCOREDUMP(status));
}

std::chrono::nanoseconds duration_of(const timeval& time) noexcept {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

ResourceUsage usage_of(const rusage& usage) noexcept {
  ResourceUsage out;
  out.user_time = duration_of(usage.ru_utime);
  out.system_time = duration_of(usage.ru_stime);
  out.max_resident_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  out.minor_faults = static_cast<std::uint64_t>(usage.ru_minflt);
  out.major_faults = static_cast<std::uint64_t>(usage.ru_majflt);
  out.voluntary_switches = static_cast<std::uint64_t>(usage.ru_nvcsw);
  out.involuntary_switches = static_cast<std::uint64_t>(usage.ru_nivcsw);
  return out;
}

}  // namespace

struct Child::State {
  pid_t pid = -1;  // the program's
  Fd pidfd;        // with a supervisor its socket, which is readable at the end, too
  std::optional<Spawned> supervisor;
  mutable std::mutex lock;  // guards what follows, and with it the right to use `pid`
  std::optional<ExitStatus> status;
  std::optional<ResourceUsage> usage;
  bool bereaved = false;

  // With the lock held: takes the status from the kernel if the child has ended.
  void reap() {
    if (status) return;
    if (supervisor) return reap_contained();
    siginfo_t info{};
    rusage used{};
    int result;
    do {
      result = pidfd ? raw_waitid(kByPidfd, pidfd.get(), &info, WEXITED | WNOHANG | __WALL, &used) : -1;
      // EINVAL: Linux before 5.4 has pidfds but cannot wait through them.
      if (!pidfd || (result != 0 && errno == EINVAL)) {
        result = raw_waitid(P_PID, pid, &info, WEXITED | WNOHANG | __WALL, &used);
      }
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
      status = ExitStatus::unknown();  // ECHILD: somebody else took it
    } else if (info.si_pid != 0) {
      status = status_of(info);
      usage = usage_of(used);
    }
  }

  void reap_contained() {
    supervisor::Message message;
    if (!receive_from_supervisor(pidfd.get(), false, message)) return;
    bereaved = message.kind != supervisor::Kind::ended || message.bereaved != 0;
    if (message.kind == supervisor::Kind::ended) {
      status = status_of_wait(message.value);
      usage.emplace();
      usage->user_time = std::chrono::microseconds(message.user_microseconds);
      usage->system_time = std::chrono::microseconds(message.system_microseconds);
      usage->max_resident_bytes = static_cast<std::uint64_t>(message.max_resident_kib) * 1024;
    } else {
      status = ExitStatus::unknown();  // supervisor and watcher were killed, both at once
    }
    // They have said their last word and leave, unless the program has stopped the watcher.
    ::kill(supervisor->pid, SIGCONT);  // our own unreaped child: the number is safe
    while (::waitpid(supervisor->pid, nullptr, 0) < 0 && errno == EINTR) {}
  }

  // With the lock held: an order to the supervisor. False when the program is known to have ended.
  bool order(supervisor::Kind kind, int value) {
    reap();
    if (status) return false;
    if (value < 0 || value > 64) throw OsError(EINVAL, "kill", std::to_string(value));
    return send_to_supervisor(pidfd.get(), {kind, value, supervisor::Step::none, 0, 0, 0, 0});
  }

  std::optional<ExitStatus> locked_reap() {
    std::lock_guard guard(lock);
    reap();
    return status;
  }

  // Returns when the child has ended or the deadline has passed.
  void sleep_until_end(Deadline deadline) const {
    pollfd wanted{pidfd.get(), POLLIN, 0};
    if (poll_until({&wanted, 1}, deadline) >= 0 && (wanted.revents & POLLNVAL) == 0) return;
    // No memory in the kernel, or somebody closed our descriptor: look again in a moment.
    const timespec moment{0, 1'000'000};
    ::nanosleep(&moment, nullptr);
  }

  // Without a pidfd: blocks in the kernel if it may, else looks again and again, less and less often.
  void sleep_without_pidfd(Deadline deadline, std::chrono::nanoseconds& pause) const {
    if (deadline.is_never()) {
      siginfo_t info{};
      raw_waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL, nullptr);
      return;
    }
    auto nap = std::min(pause, deadline.remaining().value_or(pause));
    timespec time{0, static_cast<long>(nap.count())};
    ::nanosleep(&time, nullptr);
    pause = std::min<std::chrono::nanoseconds>(pause * 2, std::chrono::milliseconds(10));
  }

  // With the lock held: signals our own child, whose number is safe as long as nobody reaped it.
  bool signal_by_number(int target, int signal) {
    reap();
    if (status) return false;
    if (::kill(target, signal) == 0) return true;
    if (errno == ESRCH) return false;
    throw_errno("kill", std::to_string(target));
  }
};

namespace {

// Children whose objects are gone. Leaked on purpose: static destructors may still start and drop children.
struct Abandoned {
  std::mutex lock;
  std::vector<Child> children;
  std::atomic<std::size_t> count{0};
};

Abandoned& abandoned() {
  static auto* list = new Abandoned;
  return *list;
}

}  // namespace

Child::Child() noexcept = default;

Child::Child(pid_t pid, Fd pidfd) : state_(std::make_unique<State>()) {
  state_->pid = pid;
  if (!pidfd) pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  state_->pidfd = above_standard_streams(std::move(pidfd));
}

Child::~Child() {
  if (!state_ || state_->locked_reap()) return;
  if (state_->supervisor) {
    // Closing the socket ends the program and all below it; what is left to reap is the supervisor.
    state_->pidfd = std::move(state_->supervisor->pidfd);
    state_->pid = state_->supervisor->pid;
    state_->supervisor.reset();
  }
  try {
    Abandoned& list = abandoned();
    std::lock_guard guard(list.lock);
    list.children.push_back(std::move(*this));
    list.count.store(list.children.size(), std::memory_order_relaxed);  // relaxed: a hint, the list has its lock
  } catch (...) {
    // No memory for the list: the child stays a zombie until we end. Nothing better can be done here.
  }
}

Child::Child(Child&&) noexcept = default;

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    Child old(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Child Child::start(const SpawnPlan& plan) {
  // relaxed: a hint that saves the lock
  if (abandoned().count.load(std::memory_order_relaxed) != 0) reap_abandoned();
  auto state = std::make_unique<State>();  // before the birth, so that nothing can fail after it
  if (plan.contain) {
    Contained started = start_contained(plan);
    state->pid = started.pid;
    state->pidfd = std::move(started.control);
    state->supervisor = std::move(started.supervisor);
  } else {
    Spawned started = spawn(plan);
    state->pid = started.pid;
    state->pidfd = above_standard_streams(std::move(started.pidfd));
  }
  Child child;
  child.state_ = std::move(state);
  return child;
}

pid_t Child::pid() const noexcept { return state_ ? state_->pid : -1; }
int Child::pidfd() const noexcept { return state_ ? state_->pidfd.get() : -1; }

std::optional<ExitStatus> Child::poll() { return state_ ? state_->locked_reap() : ExitStatus::unknown(); }

std::optional<ExitStatus> Child::wait(Deadline deadline) {
  if (!state_) return ExitStatus::unknown();
  std::chrono::nanoseconds pause = std::chrono::microseconds(100);
  // A child that is waited for without limit has usually just been started: go to sleep at once.
  if (auto known = deadline.is_never() && state_->pidfd ? status() : state_->locked_reap()) return known;
  while (true) {
    if (deadline.expired()) return std::nullopt;
    if (state_->pidfd) {
      state_->sleep_until_end(deadline);
    } else {
      state_->sleep_without_pidfd(deadline, pause);
    }
    if (auto known = state_->locked_reap()) return known;
  }
}

std::optional<ExitStatus> Child::status() const {
  if (!state_) return ExitStatus::unknown();
  std::lock_guard guard(state_->lock);
  return state_->status;
}

bool Child::send_signal(int signal) {
  if (!state_) return false;
  std::lock_guard guard(state_->lock);
  if (state_->status) return false;
  if (state_->supervisor) return state_->order(supervisor::Kind::signal, signal);
  if (state_->pidfd) {
    if (::syscall(SYS_pidfd_send_signal, state_->pidfd.get(), signal, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    // A filter may refuse the call (ENOSYS or EPERM); a real EPERM comes again from kill.
    if (errno != ENOSYS && errno != EPERM) throw_errno("pidfd_send_signal", std::to_string(state_->pid));
  }
  return state_->signal_by_number(state_->pid, signal);
}

bool Child::send_signal_to_group(int signal) {
  if (!state_) return false;
  std::lock_guard guard(state_->lock);
  if (state_->supervisor) return state_->order(supervisor::Kind::signal_group, signal);
  return state_->signal_by_number(-state_->pid, signal);
}

void Child::kill_contained() {
  if (!state_) return;
  std::lock_guard guard(state_->lock);
  if (!state_->supervisor || !state_->order(supervisor::Kind::kill_all, 0)) return;
  // A program may have stopped the watcher, and the supervisor with it, which the watcher then lets go on.
  ::kill(state_->supervisor->pid, SIGCONT);
}

bool Child::lost_supervisor() const {
  if (!state_) return false;
  std::lock_guard guard(state_->lock);
  return state_->bereaved;
}

std::optional<ResourceUsage> Child::usage() const {
  if (!state_) return std::nullopt;
  std::lock_guard guard(state_->lock);
  return state_->usage;
}

std::size_t Child::reap_abandoned() {
  Abandoned& list = abandoned();
  std::lock_guard guard(list.lock);
  for (std::size_t i = 0; i < list.children.size();) {
    if (list.children[i].poll()) {
      // By swapping, never by assignment: that could put a running child back on this very list.
      std::swap(list.children[i].state_, list.children.back().state_);
      list.children.pop_back();
    } else {
      ++i;
    }
  }
  list.count.store(list.children.size(), std::memory_order_relaxed);  // relaxed: a hint, the list has its lock
  return list.children.size();
}

}  // namespace cohort::os
