// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: the numbers of resource limits, and files opened for a use.
#pragma once

#include <string>

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

enum class FileUse : unsigned char { read, replace, append };
/// Opens a file; made with 0666 less the umask where it is written. Throws OsError that names the path.
[[nodiscard]] Fd open_for(const std::string& path, FileUse use);
/// /dev/null for reading and writing.
[[nodiscard]] Fd open_null();

}  // namespace cohort::os
