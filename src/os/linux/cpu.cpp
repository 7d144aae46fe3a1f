// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/cpu.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "os/cgroup.hpp"

namespace cohort::os {

int machine_cpus() noexcept { return std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))); }

int usable_cpus() noexcept {
  int count = machine_cpus();
  // A mask of the usual size fails with EINVAL on machines with more processors than it has bits.
  for (int size = 1024; size <= 65536; size *= 4) {
    cpu_set_t* mask = CPU_ALLOC(static_cast<std::size_t>(size));
    if (mask == nullptr) break;
    std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    bool known = ::sched_getaffinity(0, bytes, mask) == 0;
    if (known) count = CPU_COUNT_S(bytes, mask);
    CPU_FREE(mask);
    if (known) break;
  }
  if (auto quota = cgroup_cpu_limit()) count = std::min(count, static_cast<int>(std::ceil(std::min(*quota, 1e6))));
  return std::max(1, count);
}

void yield_processor() noexcept { ::sched_yield(); }

int current_cpu() noexcept { return ::sched_getcpu(); }

}  // namespace cohort::os
