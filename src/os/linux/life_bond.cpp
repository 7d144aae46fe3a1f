// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/life_bond.hpp"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "base/sanitizers.hpp"
#include "os/linux/raw_syscall.hpp"

#if COHORT_THREAD_SANITIZER
// Its own clone() takes each clone for a fork, reads what to call from the stack of a caller that has gone on, and runs
// code in the thread for which that has no state. This is the C library's.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);  // NOLINT(bugprone-reserved-identifier)
#define COHORT_CLONE ::__clone
#else
#define COHORT_CLONE ::clone
#endif

namespace cohort::os {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr int kDied = 137;  // 128 + SIGKILL, as a shell would say it
constexpr timespec kPause{0, 50'000'000};

struct Bond {
  int pidfd = -1;
  pid_t parent = 0;
  bool confine = false;
  std::atomic<pid_t> bound{0};  // the process that has the thread: a forked copy finds another number than its own
};

constinit Bond bond;
alignas(16) constinit std::array<std::byte, 16384> stack{};

// The thread shares the memory of a process that may give up its privileges later, and the C library's setuid() does
// not reach it: what it could be made to do must be as harmless then. Anything but these calls ends the process.
constexpr std::uint32_t kAllowed[] = {SYS_ppoll,     SYS_pidfd_send_signal, SYS_getppid,
                                      SYS_nanosleep, SYS_exit_group,        SYS_restart_syscall};
constexpr std::size_t kAllowedCount = sizeof kAllowed / sizeof *kAllowed;

constexpr auto make_filter() {
  std::array<sock_filter, kAllowedCount + 5> program{};
  std::size_t at = 0;
  auto put = [&](std::uint16_t code, std::uint32_t value, std::size_t yes = 0, std::size_t no = 0) {
    program[at++] = {code, static_cast<std::uint8_t>(yes), static_cast<std::uint8_t>(no), value};
  };
  put(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  put(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, kAllowedCount + 1);
  put(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (std::size_t i = 0; i < kAllowedCount; ++i) put(BPF_JMP | BPF_JEQ | BPF_K, kAllowed[i], kAllowedCount - i);
  put(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  put(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return program;
}

constinit std::array<sock_filter, kAllowedCount + 5> filter = make_filter();
constinit sock_fprog filter_program{filter.size(), filter.data()};

template <class T>
COHORT_RAW long word(T* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}

COHORT_RAW void confine() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  raw_syscall(SYS_capset, word(&header), word(none));
  raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, word(&filter_program));
}

[[noreturn]] COHORT_RAW void die() noexcept {
  while (true) raw_syscall(SYS_exit_group, kDied);
}

// Its own table of descriptors, with this one in it: closefrom() in the process does not reach it then, and it keeps no
// file of the process open. Where the kernel refuses (Linux before 5.9) the table stays the process's.
COHORT_RAW void keep_only(int fd) noexcept {
  if (raw_syscall(SYS_close_range, fd + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0 && fd > 0)
    raw_syscall(SYS_close_range, 0, fd - 1, 0);
}

COHORT_RAW int watch(void*) noexcept {
  raw_syscall(SYS_prctl, PR_SET_NAME, word("cohort-bond"));
  int fd = bond.pidfd;
  if (fd >= 0) keep_only(fd);
  if (bond.confine) confine();
  while (true) {
    if (fd < 0) {
      if (raw_syscall(SYS_getppid) != bond.parent) die();
      raw_syscall(SYS_nanosleep, word(&kPause));
      continue;
    }
    pollfd entry{fd, POLLIN, 0};
    long ready = raw_syscall(SYS_ppoll, word(&entry), 1);
    // In a table that is shared the number may be closed by now, or name another file.
    bool is_pidfd = raw_syscall(SYS_pidfd_send_signal, fd, 0) != -EBADF;
    if (ready == 1 && is_pidfd && (entry.revents & POLLIN) != 0) die();
    // Else the descriptor is lost, or the process may not have any (EINVAL).
    fd = -1;
  }
}

// Whether this process has anything that it could give up later.
COHORT_RAW bool is_privileged() noexcept {
  uid_t user = static_cast<uid_t>(raw_syscall(SYS_getuid));
  if (user == 0 || static_cast<uid_t>(raw_syscall(SYS_geteuid)) != user) return true;
  if (raw_syscall(SYS_getgid) != raw_syscall(SYS_getegid)) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[2] = {};
  return raw_syscall(SYS_capget, word(&header), word(held)) == 0 && (held[0].permitted | held[1].permitted) != 0;
}

}  // namespace

int bind_life(int pidfd, pid_t parent_pid) noexcept {
  bond.pidfd = pidfd;
  bond.parent = parent_pid;
  bond.confine = is_privileged();
  // The thread has no handlers of its own and must never run the process's.
  std::uint64_t all = ~std::uint64_t{0};
  std::uint64_t before = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), word(&before), sizeof all);
  int saved = errno;
  int result = COHORT_CLONE(watch, stack.data() + stack.size(),
                            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, nullptr);
  int error = result < 0 ? errno : 0;
  errno = saved;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, word(&before), 0, sizeof all);
  // relaxed: a number; who asks is this process
  if (error == 0) bond.bound.store(static_cast<pid_t>(raw_syscall(SYS_getpid)), std::memory_order_relaxed);
  return error;
}

int bond_threads() noexcept {
  // relaxed: as in bind_life()
  return bond.bound.load(std::memory_order_relaxed) == static_cast<pid_t>(raw_syscall(SYS_getpid)) ? 1 : 0;
}

}  // namespace cohort::os
