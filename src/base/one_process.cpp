// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/one_process.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace cohort::detail {

namespace {

constinit const std::uint64_t kNotCalled = 0;

}  // namespace

constinit const std::uint64_t* called_word = &kNotCalled;

// What the copy has written is said, as by one that returns from the function of a Process.
void end_copy() noexcept {
  try {
    static const std::ios_base::Init streams;
    std::cout.flush();
    std::clog.flush();
  } catch (...) {  // a stream that was told to throw: its bytes are its own affair
  }
  std::fflush(stdout);
  std::fflush(stderr);
  std::_Exit(0);
}

}  // namespace cohort::detail
