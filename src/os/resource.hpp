// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: the numbers of resource limits, and the file that is nothing.
#pragma once

#include "os/fd.hpp"

namespace cohort::os {

enum class Resource : unsigned char {
  cpu_seconds,
  file_size,
  data,
  stack,
  core,
  open_files,
  address_space,
  processes,
  locked_memory
};

/// What setrlimit(2) calls it. Throws ValueError for one that the platform lacks.
[[nodiscard]] int resource_number(Resource resource);

/// /dev/null for reading and writing.
[[nodiscard]] Fd open_null();

}  // namespace cohort::os
