// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/own_descriptors.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace cohort::os {

namespace {

struct Look {
  void (*look)(void*);
  void* argument;
  bool emptied;
};

constexpr std::size_t kStack = 64 * 1024;

int run(void* argument) {
  auto& look = *static_cast<Look*>(argument);
  // Our copy of the table only. Linux 5.9; before that the first few, which is room enough.
  look.emptied = ::syscall(SYS_close_range, 0U, ~0U, 0U) == 0;
  if (!look.emptied) {
    for (int fd = 3; fd < 16; ++fd) look.emptied = ::close(fd) == 0 || look.emptied;
  }
  if (look.emptied) look.look(look.argument);
  ::syscall(SYS_exit, 0);
  return 0;
}

}  // namespace

bool with_own_descriptors(void (*look)(void*), void* argument) noexcept {
  Look call{look, argument, false};
  alignas(64) std::byte stack[kStack];
  // A thread of this process, so that nobody has to reap it, which shares all but the descriptors. It has our
  // thread-local storage, and with it errno; CLONE_VFORK lets us sleep until it is gone. No signal handler may run on
  // it: the kernel's mask with all bits, those that the C library keeps to itself too.
  std::uint64_t all = ~std::uint64_t{0};
  std::uint64_t before = 0;
  int saved = errno;
  if (::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all) != 0) {
    errno = saved;
    return false;
  }
  constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  bool cloned = ::clone(run, stack + kStack, kFlags, &call) >= 0;
  (void)::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
  errno = saved;
  return cloned && call.emptied;
}

}  // namespace cohort::os
