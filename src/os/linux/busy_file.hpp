// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A program file that is "busy" (ETXTBSY) because children of ours, between their birth and their exec, still have
// copies of the descriptor by which it was written, though everybody here has closed it. Close-on-exec is of no use
// until the exec.
// Holding a lock around each birth would make all launches wait for one another; trying again costs only those who
// fail.
#pragma once

#include <chrono>
#include <cstdint>

namespace cohort::os {

/// Counts a birth that has begun, until it is known that the child has executed its program, or failed.
class BirthUnderWay {
 public:
  BirthUnderWay() noexcept;
  ~BirthUnderWay();
  BirthUnderWay(const BirthUnderWay&) = delete;
  BirthUnderWay& operator=(const BirthUnderWay&) = delete;
};

/// How long a busy file is tried again: 50 ms, which is for the kernel and for forks that nobody counted; and up to a
/// second as long as births last that were under way at the first refusal. Somebody who really writes delays the error
/// so long.
class BusyFile {
 public:
  /// After a refusal: sleeps a moment and returns true when the file is worth another try.
  bool wait_a_moment() noexcept;

 private:
  bool refused_before_ = false;
  std::uint64_t begun_ = 0;
  std::chrono::microseconds pause_{100};
  std::chrono::microseconds waited_{0};
};

}  // namespace cohort::os
