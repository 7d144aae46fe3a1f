// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/resource.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <string>

#include "cohort/base/error.hpp"

namespace cohort::os {

int resource_number(Resource resource) {
  switch (resource) {
    case Resource::cpu_seconds: return RLIMIT_CPU;
    case Resource::file_size: return RLIMIT_FSIZE;
    case Resource::data: return RLIMIT_DATA;
    case Resource::stack: return RLIMIT_STACK;
    case Resource::core: return RLIMIT_CORE;
    case Resource::open_files: return RLIMIT_NOFILE;
    case Resource::address_space: return RLIMIT_AS;
    case Resource::processes: return RLIMIT_NPROC;
    case Resource::locked_memory: return RLIMIT_MEMLOCK;
  }
  throw ValueError("setrlimit", std::to_string(static_cast<int>(resource)), "no such limit");
}

Fd open_null() { return open_file("/dev/null", O_RDWR); }

}  // namespace cohort::os
