// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace cohort::os {

// Linux 4.16. The registration belongs to the address space: fork copies it, exec ends it.
bool join_remote_fences() noexcept {
  int saved = errno;
  bool joined = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
  errno = saved;
  return joined;
}

void remote_fence() noexcept {
  int saved = errno;
  // The call fences this thread too, but not in ThreadSanitizer's eyes, nor where it is refused.
  // SYNC(sleepers): as light_fence()
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0) {
    // No partner can have joined: their full fences meet ours. An exchange, because ThreadSanitizer knows no fences.
    static std::atomic<int> word{0};
    word.exchange(1, std::memory_order_seq_cst);  // SYNC(sleepers): a full fence
  }
  errno = saved;
}

}  // namespace cohort::os
