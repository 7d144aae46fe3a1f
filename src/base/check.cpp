// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/check.hpp"

#include <cstdio>
#include <cstdlib>

#include "cohort/base/log.hpp"

namespace cohort::detail {

void check_failed(const char* file, int line, const char* text, const char* message) noexcept {
  char buffer[512];
  // snprintf with only %s and %d touches no lock and no heap in glibc, so this may run after fork.
  int length =
      std::snprintf(buffer, sizeof buffer, "cohort: %s:%d: check failed: %s (%s)\n", file, line, text, message);
  if (length > 0)
    log::write_raw(buffer, static_cast<std::size_t>(length) < sizeof buffer ? static_cast<std::size_t>(length)
                                                                            : sizeof buffer - 1);
  std::abort();
}

}  // namespace cohort::detail
