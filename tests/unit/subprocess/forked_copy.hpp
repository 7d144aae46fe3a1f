// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A copy of the test program for what would spoil the program itself: closed standard streams, lowered limits, ids.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <string>

namespace cohort::subprocess {

/// Runs `body` in a forked copy and returns its complaint: what it returned, or the exception that it threw. Empty
/// means that all was well.
template <class F>
std::string in_forked_copy(F body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  pid_t pid = fork();
  if (pid == 0) {
    // Out of the way of what the body does with low numbers.
    int report = fcntl(ends[1], F_DUPFD_CLOEXEC, 900);
    close(ends[0]);
    close(ends[1]);
    std::string complaint;
    try {
      complaint = body();
    } catch (const std::exception& error) { complaint = std::string("exception: ") + error.what(); }
    complaint += '\n';
    ssize_t written = write(report, complaint.data(), complaint.size());
    _exit(written == static_cast<ssize_t>(complaint.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t got; (got = read(ends[0], piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {}
  if (status != 0) return "the copy ended with wait status " + std::to_string(status);
  text.pop_back();
  return text;
}

}  // namespace cohort::subprocess
