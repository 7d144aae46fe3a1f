// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What /proc/PID/stat says that identifies a process and tells whether it runs. Reading allocates nothing and throws
// nothing: it happens in forked children too.
#pragma once

#include <cstdint>

namespace cohort::os {

struct ProcessStat {
  bool found = false;   ///< the file could be read
  bool denied = false;  ///< it may be there, but we could not look (no /proc, no descriptors left)
  char state = '?';
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;
  int exit_code = 0;  ///< as waitpid(2) would give it
};

/// The text of the file; `found` is false when it is another text.
[[nodiscard]] ProcessStat parse_process_stat(const char* text, const char* end) noexcept;

}  // namespace cohort::os
