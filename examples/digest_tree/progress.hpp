// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A progress bar on a terminal; nothing elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace digest_tree {

class Progress {
 public:
  /// Draws on standard error when that is a terminal.
  explicit Progress(std::uint64_t total_bytes, std::uint64_t total_files);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { erase(); }

  /// Draws anew, ten times a second at most.
  void update(std::uint64_t bytes, std::uint64_t files);
  /// Takes the bar away, for a message in its place.
  void erase();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string text(std::uint64_t bytes, std::uint64_t files, double seconds, int columns) const;

  bool on_terminal_;
  bool drawn_ = false;
  std::uint64_t total_bytes_;
  std::uint64_t total_files_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

/// "12.3 MB", "4.56 GB": decimal units, three digits.
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

}  // namespace digest_tree
