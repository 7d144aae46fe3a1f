// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/standard_streams.hpp"

#include <cstdio>
#include <iostream>

namespace cohort::detail {

void flush_standard_streams() noexcept {
  try {
    // A static initialiser that starts a process may come before that of the streams.
    static const std::ios_base::Init streams;
    std::cout.flush();
    std::cerr.flush();
    std::clog.flush();
  } catch (...) {  // a stream that was told to throw: its bytes are its own affair
  }
  std::fflush(stdout);
  std::fflush(stderr);
}

void make_standard_streams_line_buffered() noexcept {
  static char out_buffer[65536];
  static char error_buffer[65536];
  std::setvbuf(stdout, out_buffer, _IOLBF, sizeof out_buffer);
  std::setvbuf(stderr, error_buffer, _IOLBF, sizeof error_buffer);
  // cerr flushes after each operation unless told otherwise, which would make several writes of one line.
  std::cerr.unsetf(std::ios::unitbuf);
}

}  // namespace cohort::detail
