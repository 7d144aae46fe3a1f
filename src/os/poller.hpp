// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: waits for readiness of many descriptors until a deadline.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "os/fd.hpp"

namespace cohort::os {

/// Waits until `fd` can be read, is at its end, or (a pidfd) its process has ended. False when the deadline passes.
bool wait_readable(int fd, Deadline deadline);
/// True when `fd` could be read now without waiting.
[[nodiscard]] bool is_readable(int fd) noexcept;
/// Waits until one of `fds` is readable; returns the indexes of those that are, empty when the deadline passes.
[[nodiscard]] std::vector<std::size_t> wait_any_readable(std::span<const int> fds, Deadline deadline);

/// A set of descriptors with a number each. One thread waits; any thread may add and remove meanwhile.
class Poller {
 public:
  Poller();
  void add(int fd, std::uint64_t key);
  /// No effect when `fd` is not in the set.
  void remove(int fd) noexcept;
  /// The keys of the ready descriptors, at most 64 at a time; empty when the deadline passes, or after wake().
  [[nodiscard]] std::vector<std::uint64_t> wait(Deadline deadline);
  /// The wait() that is under way returns, or the next one does at once. When the program has closed our descriptors
  /// and has other files under their numbers, nothing is written to those.
  void wake() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// Forgets the set without closing its numbers, which the program has closed and may use for files of its own.
  void abandon() noexcept {
    (void)fd_.release();
    (void)readable_.release();
  }

 private:
  Fd readable_;  // always; in the set, reported once for each wake()
  Fd fd_;
};

}  // namespace cohort::os
