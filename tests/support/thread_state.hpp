// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the system says of a thread.
#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace cohort::test {

/// Whether the thread, or the only one of a process, sleeps in the kernel.
inline bool sleeps(pid_t tid) {
  std::ifstream file("/proc/" + std::to_string(tid) + "/stat");
  std::string text;
  std::getline(file, text);
  auto at = text.rfind(')');
  return at != std::string::npos && text.size() > at + 2 && text[at + 2] == 'S';
}

}  // namespace cohort::test
