// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A block of the family memory that this process has until it gives it away.
#pragma once

#include <cstddef>

#include "family/family.hpp"

namespace cohort::ring {

/// Freed when it goes, unless it was given away.
class OwnBlock {
 public:
  /// @throws OutOfFamilyMemory
  explicit OwnBlock(std::size_t size)
      : size_(size), block_(family::Family::instance().allocate(size, family::Family::instance().self())) {}
  /// For what taking something out needs.
  enum Taking { kTaking };
  OwnBlock(std::size_t size, Taking)
      : size_(size), block_(family::Family::instance().allocate_to_take(size, family::Family::instance().self())) {}
  ~OwnBlock() {
    if (block_ == 0) return;
    try {
      family::Family::instance().free(block_);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // It goes with this process.
    }
  }
  OwnBlock(const OwnBlock&) = delete;
  OwnBlock& operator=(const OwnBlock&) = delete;

  [[nodiscard]] family::Offset offset() const noexcept { return block_; }
  /// Where it lies in this process.
  [[nodiscard]] std::byte* place() const { return family::Family::instance().address(block_, size_); }
  /// It is somebody else's now.
  void forget() noexcept { block_ = 0; }

 private:
  std::size_t size_;
  family::Offset block_;
};

}  // namespace cohort::ring
