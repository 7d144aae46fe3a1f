// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The block that a pool shares with its workers, from its making to its end, and other blocks of its owner's.
#pragma once

#include <cstdint>

#include "family/family.hpp"
#include "pool/layout.hpp"

namespace cohort::detail {

/// Frees a block of that owner's. Nothing in a forked copy, which must not free what its parent holds, and nothing when
/// the family has been left, whose blocks have gone with it. One that a stray write has spoilt is leaked: the lesser
/// evil.
void free_block_of(family::Offset block, family::MemberId owner) noexcept;

/// Destruction frees the block. No worker lives any more then.
class PoolBlock {
 public:
  /// Throws OutOfFamilyMemory.
  explicit PoolBlock(std::uint32_t workers);
  PoolBlock(const PoolBlock&) = delete;
  PoolBlock& operator=(const PoolBlock&) = delete;
  ~PoolBlock() { free_block_of(block_, owner_); }

  [[nodiscard]] PoolShared& shared() const noexcept { return *shared_; }
  [[nodiscard]] WorkerShared& worker(std::uint32_t w) const noexcept { return workers_of(shared_)[w]; }
  [[nodiscard]] family::Offset offset() const noexcept { return block_; }
  [[nodiscard]] family::MemberId owner() const noexcept { return owner_; }

 private:
  family::MemberId owner_;
  family::Offset block_;
  PoolShared* shared_;
};

}  // namespace cohort::detail
