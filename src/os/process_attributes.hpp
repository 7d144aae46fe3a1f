// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: what a child made by fork would inherit, so that one made by a fork server can be given the same.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cohort::os {

/// Attributes that fork copies, but for descriptors, directory and environment. Trivially copyable, so that it travels
/// as bytes between processes of one program.
struct ProcessAttributes {
  static constexpr std::size_t kLimits = 16;
  static constexpr std::size_t kAffinityBytes = 128;

  std::uint32_t umask = 022;
  std::int32_t nice = 0;
  std::uint64_t soft_limits[kLimits] = {};
  std::uint64_t hard_limits[kLimits] = {};
  unsigned char affinity[kAffinityBytes] = {};  ///< bit i: processor i; all zero is "as it is"
  sigset_t signal_mask = {};
  std::int32_t policy = 0;  ///< scheduling class, and the priority within it
  std::int32_t priority = 0;
  std::uint64_t timer_slack = 0;  ///< nanoseconds; 0 is "as it is"
};

/// The attributes of this process and thread. 3 µs; 20 µs more with threads, because umask(2) can only be read by
/// setting it.
[[nodiscard]] ProcessAttributes capture_process_attributes() noexcept;
/// What apply_process_attributes() could not set.
struct RefusedAttributes {
  std::uint32_t limits = 0;  ///< bit i: limit i; it was set as near as this process may
  bool nice = false;         ///< stays as it is
  bool affinity = false;     ///< stays as it is: none of the wanted processors may be used
  bool policy = false;       ///< stays as it is: the scheduling class needs a privilege

  [[nodiscard]] bool any() const noexcept { return limits != 0 || nice || affinity || policy; }
  /// "RLIMIT_NOFILE, nice value": the names, empty when there are none.
  [[nodiscard]] std::string to_string() const;
};

/// Gives this process those attributes, and says which of them the system refused. `present` are those that it has now:
/// equal ones are not set again.
[[nodiscard]] RefusedAttributes apply_process_attributes(const ProcessAttributes& wanted,
                                                         const ProcessAttributes& present) noexcept;

/// `process`, with those attributes of `thread` that a thread has for itself: signal mask, processors, niceness,
/// scheduling class, timer slack.
[[nodiscard]] ProcessAttributes with_thread_attributes(const ProcessAttributes& process,
                                                       const ProcessAttributes& thread) noexcept;

/// The environment as "NAME=value" strings.
[[nodiscard]] std::vector<std::string> environment_entries();
/// The environment as one block of "NAME=value\0" strings.
[[nodiscard]] std::vector<std::byte> capture_environment();
/// Replaces the environment by such a block. For a process with one thread.
void replace_environment(std::span<const std::byte> block);
/// A 64-bit digest of the environment, to see cheaply whether two are equal.
[[nodiscard]] std::uint64_t environment_digest() noexcept;

}  // namespace cohort::os
