// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Between birth and exec. Everything here goes through syscall(): wrappers of the C library may take locks, keep
// copies of ids that belong to the parent, or be replaced by sanitizers. The order of the steps is CPython's
// (descriptors, directory, umask, session, group, ids, close, exec), with the later additions where they must stand.
#include "os/linux/spawn_child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "os/linux/raw_syscall.hpp"

namespace cohort::os {

namespace {

// As the kernel takes it; struct sigaction of the C library is another layout.
struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  KernelSignalSet mask;
};

[[noreturn]] COHORT_RAW void die() noexcept {
  while (true) ::syscall(SYS_exit_group, 127);
}

[[noreturn]] COHORT_RAW void fail(ChildOrders& orders, ChildStep step, int error, int detail = 0) noexcept {
  orders.report = {step, error, detail};
  if (orders.report_fd >= 0) {
    // A pipe takes so few bytes whole or not at all.
    while (::syscall(SYS_write, orders.report_fd, &orders.report, sizeof orders.report) < 0 && errno == EINTR) {}
  }
  die();
}

COHORT_RAW void check(ChildOrders& orders, long result, ChildStep step, int detail = 0) noexcept {
  if (result < 0) fail(orders, step, errno, detail);
}

COHORT_RAW bool is_target(const ChildOrders& orders, int fd) noexcept {
  for (std::size_t i = 0; i < orders.kept_count; ++i) {
    if (orders.kept[i] == fd) return true;
  }
  return false;
}

// A copy of `fd` on a number that the map does not use. Copies that fall on such a number stay open until the map
// overwrites them, so each try gives a new number. Always from 3 up: 0 to 2 may be meant to stay closed.
COHORT_RAW int move_away(ChildOrders& orders, int fd) noexcept {
  int copy;
  do {
    copy = static_cast<int>(::syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
    check(orders, copy, ChildStep::dup2, fd);
  } while (is_target(orders, copy));
  return copy;
}

COHORT_RAW void arrange_fds(ChildOrders& orders) noexcept {
  if (orders.report_fd >= 0 && (orders.report_fd < 3 || is_target(orders, orders.report_fd))) {
    int copy = move_away(orders, orders.report_fd);
    ::syscall(SYS_close, orders.report_fd);
    orders.report_fd = copy;
  }
  if (orders.executable_fd >= 0 && is_target(orders, orders.executable_fd)) {
    orders.executable_fd = move_away(orders, orders.executable_fd);
  }
  // First take every source that some target will overwrite out of the way …
  for (std::size_t i = 0; i < orders.fd_count; ++i) {
    ChildFd& mapping = orders.fds[i];
    if (mapping.source == mapping.child || !is_target(orders, mapping.source)) continue;
    int original = mapping.source;
    int copy = move_away(orders, original);
    for (std::size_t j = i; j < orders.fd_count; ++j) {
      if (orders.fds[j].source == original && orders.fds[j].child != original) orders.fds[j].source = copy;
    }
  }
  // … then no order of copying can go wrong.
  for (std::size_t i = 0; i < orders.fd_count; ++i) {
    const ChildFd& mapping = orders.fds[i];
    long result;
    if (mapping.source == mapping.child) {
      result = ::syscall(SYS_fcntl, mapping.child, F_SETFD, 0);
    } else {
      do {
        result = ::syscall(SYS_dup3, mapping.source, mapping.child, 0);
      } while (result < 0 && (errno == EINTR || errno == EBUSY));
    }
    int refused = mapping.source;
    if (result < 0) {
      // EBADF is said of either number: one that is too large for this process, or one that is not open.
      int error = errno;
      if (::syscall(SYS_fcntl, mapping.source, F_GETFD) >= 0) refused = mapping.child;
      errno = error;
    }
    check(orders, result, ChildStep::dup2, refused);
  }
  for (int fd = 0; fd < 3; ++fd) {
    if (orders.close_standard[fd]) ::syscall(SYS_close, fd);
  }
}

COHORT_RAW void reset_signals(ChildOrders& orders) noexcept {
  constexpr unsigned long kIgnore = 1;
  if (orders.handlers_cleared && !orders.default_signals) {
    const KernelSigaction reset{};
    constexpr int kRestored[] = {SIGPIPE, SIGXFSZ};
    for (int signal : kRestored) {
      if (orders.restore_signals) ::syscall(SYS_rt_sigaction, signal, &reset, nullptr, sizeof reset.mask);
    }
    return;
  }
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    KernelSigaction action{};
    if (::syscall(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask) != 0) continue;
    auto handler = reinterpret_cast<unsigned long>(action.handler);
    if (handler == 0) continue;
    bool restore = orders.restore_signals && (signal == SIGPIPE || signal == SIGXFSZ);
    if (handler == kIgnore && !restore && !orders.default_signals) continue;
    KernelSigaction reset{};
    ::syscall(SYS_rt_sigaction, signal, &reset, nullptr, sizeof reset.mask);
  }
}

COHORT_RAW void join_cgroup(ChildOrders& orders) noexcept {
  if (orders.cgroup_procs_fd < 0) return;
  check(orders, ::syscall(SYS_write, orders.cgroup_procs_fd, "0", 1), ChildStep::cgroup);
}

COHORT_RAW void set_scheduling(ChildOrders& orders) noexcept {
  for (std::size_t i = 0; i < orders.limit_count; ++i) {
    const ChildLimit& limit = orders.limits[i];
    check(orders, ::syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr), ChildStep::setrlimit,
          limit.resource);
  }
  if (orders.set_nice) {
    // The raw call returns 20 - nice, so that it is never negative.
    long now = ::syscall(SYS_getpriority, PRIO_PROCESS, 0);
    check(orders, now, ChildStep::nice);
    check(orders, ::syscall(SYS_setpriority, PRIO_PROCESS, 0, 20 - now + orders.nice), ChildStep::nice);
  }
  if (orders.cpu_bytes != 0) {
    check(orders, ::syscall(SYS_sched_setaffinity, 0, orders.cpu_bytes, orders.cpus), ChildStep::sched_setaffinity);
  }
}

COHORT_RAW void set_ids(ChildOrders& orders) noexcept {
  if (orders.set_groups) {
    check(orders, ::syscall(SYS_setgroups, orders.group_count, orders.groups), ChildStep::setgroups);
  }
  if (orders.set_gid) check(orders, ::syscall(SYS_setregid, orders.gid, orders.gid), ChildStep::setgid);
  if (orders.set_uid) check(orders, ::syscall(SYS_setreuid, orders.uid, orders.uid), ChildStep::setuid);
}

COHORT_RAW void set_bonds(ChildOrders& orders) noexcept {
  if (orders.subreaper) {
    check(orders, ::syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), ChildStep::subreaper);
  }
  if (orders.no_new_privileges) {
    check(orders, ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ChildStep::no_new_privileges);
  }
  if (orders.parent_death_signal != 0) {
    // After the ids: the kernel forgets it when they change.
    check(orders, ::syscall(SYS_prctl, PR_SET_PDEATHSIG, orders.parent_death_signal, 0, 0, 0),
          ChildStep::parent_death_signal);
    // A parent that died before the call sends nothing any more.
    if (::syscall(SYS_getppid) != orders.parent) fail(orders, ChildStep::parent_death_signal, ESRCH);
  }
}

COHORT_RAW bool keeps(const ChildOrders& orders, long fd) noexcept {
  return fd < 3 || fd == orders.report_fd || fd == orders.executable_fd || is_target(orders, static_cast<int>(fd));
}

// As getdents64 lays it out.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

// Reads numbers in text. -1 for anything else.
COHORT_RAW long number_of(const char* text) noexcept {
  long value = 0;
  if (*text == '\0') return -1;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return -1;
    value = value * 10 + (*text - '0');
  }
  return value;
}

COHORT_RAW bool close_listed(ChildOrders& orders) noexcept {
  if (orders.no_proc) return false;
  long directory = ::syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0) return false;
  bool again = true;
  while (again) {  // closing while listing may hide entries, so list until nothing was closed
    again = false;
    ::syscall(SYS_lseek, directory, 0, SEEK_SET);
    alignas(DirectoryEntry) char buffer[2048];
    long size;
    while ((size = ::syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
      for (long at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
        at += entry->length;
        long fd = number_of(entry->name);
        if (fd < 0 || fd == directory || keeps(orders, fd)) continue;
        ::syscall(SYS_close, fd);
        again = true;
      }
    }
  }
  if (!keeps(orders, directory)) ::syscall(SYS_close, directory);
  return true;
}

COHORT_RAW void close_up_to_limit(ChildOrders& orders) noexcept {
  struct {
    std::uint64_t soft;
    std::uint64_t hard;
  } limit{};
  long most = 65536;  // descriptors may lie above a limit that was lowered later
  if (::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) == 0 && limit.hard < (1U << 20) &&
      static_cast<long>(limit.hard) > most) {
    most = static_cast<long>(limit.hard);
  }
  for (long fd = 3; fd < most; ++fd) {
    if (!keeps(orders, fd)) ::syscall(SYS_close, fd);
  }
}

COHORT_RAW bool close_gap(unsigned first, unsigned last) noexcept {
  // Marked instead of closed, so that what exec itself needs stays until then (Linux 5.11).
  constexpr unsigned kCloseOnExec = 4;
  return first > last || ::syscall(SYS_close_range, first, last, kCloseOnExec) == 0;
}

COHORT_RAW bool close_ranges(const ChildOrders& orders) noexcept {
  if (orders.no_close_range) return false;
  unsigned next = 3;
  for (std::size_t i = 0; i < orders.kept_count; ++i) {
    auto kept = static_cast<unsigned>(orders.kept[i]);
    if (kept < next) continue;
    if (!close_gap(next, kept - 1)) return false;
    next = kept + 1;
  }
  return close_gap(next, ~0U);
}

COHORT_RAW void close_others(ChildOrders& orders) noexcept {
  if (!orders.close_fds || close_ranges(orders)) return;
  orders.used_no_close_range = true;
  if (close_listed(orders)) return;
  orders.used_no_proc = true;
  close_up_to_limit(orders);
}

[[noreturn]] COHORT_RAW void execute(ChildOrders& orders) noexcept {
  // The mask comes last: whatever was sent to the child meanwhile acts on a child with default handlers.
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &orders.signal_mask, nullptr, sizeof orders.signal_mask);
  int kept_error = 0;
  int error = ENOENT;
  if (orders.executable_fd >= 0) {
    ::syscall(SYS_execveat, orders.executable_fd, "", orders.argv, orders.environment, AT_EMPTY_PATH);
    kept_error = errno;
  }
  for (char* const* file = orders.executables; orders.executable_fd < 0 && *file != nullptr; ++file) {
    ::syscall(SYS_execve, *file, orders.argv, orders.environment);
    error = errno;
    // The first error that says more than "not here" is the one to report.
    if (error != ENOENT && error != ENOTDIR && kept_error == 0) kept_error = error;
  }
  const KernelSignalSet all = ~KernelSignalSet{0};
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all);
  fail(orders, ChildStep::execve, kept_error != 0 ? kept_error : error);
}

}  // namespace

COHORT_RAW int child_main(void* argument) noexcept {
  ChildOrders& orders = *static_cast<ChildOrders*>(argument);
  reset_signals(orders);
  join_cgroup(orders);
  if (orders.cwd == nullptr && orders.cwd_fd >= 0) {
    check(orders, ::syscall(SYS_fchdir, orders.cwd_fd), ChildStep::fchdir);
  }
  arrange_fds(orders);
  if (orders.cwd != nullptr) check(orders, ::syscall(SYS_chdir, orders.cwd), ChildStep::chdir);
  if (orders.umask >= 0) ::syscall(SYS_umask, orders.umask);
  if (orders.new_session) check(orders, ::syscall(SYS_setsid), ChildStep::setsid);
  if (orders.process_group >= 0) { check(orders, ::syscall(SYS_setpgid, 0, orders.process_group), ChildStep::setpgid); }
  set_scheduling(orders);
  set_ids(orders);
  set_bonds(orders);
  close_others(orders);
  execute(orders);
}

const char* step_name(ChildStep step) noexcept {
  switch (step) {
    case ChildStep::none: return "spawn";
    case ChildStep::cgroup: return "cgroup.procs";
    case ChildStep::fchdir: return "fchdir";
    case ChildStep::dup2: return "dup2";
    case ChildStep::chdir: return "chdir";
    case ChildStep::setsid: return "setsid";
    case ChildStep::setpgid: return "setpgid";
    case ChildStep::setrlimit: return "setrlimit";
    case ChildStep::nice: return "nice";
    case ChildStep::sched_setaffinity: return "sched_setaffinity";
    case ChildStep::setgroups: return "setgroups";
    case ChildStep::setgid: return "setgid";
    case ChildStep::setuid: return "setuid";
    case ChildStep::subreaper: return "prctl(PR_SET_CHILD_SUBREAPER)";
    case ChildStep::no_new_privileges: return "prctl(PR_SET_NO_NEW_PRIVS)";
    case ChildStep::parent_death_signal: return "prctl(PR_SET_PDEATHSIG)";
    case ChildStep::close_fds: return "close_range";
    case ChildStep::execve: return "execve";
  }
  return "spawn";
}

}  // namespace cohort::os
