// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner of a block of the family memory. Not for users: what this process holds while it makes, sends or receives
// something that is too large for a record. Its bytes are written at place(); give() ends the ownership, once a word of
// an object names the block.
//
// Destruction frees the block, at once or when the family's lock can be had. A copy of the process that a fork made is
// no owner, and frees nothing; nor does a process that has left its family, which took the block back.
// Death: the block is freed with all others of the member that has it.
// Threads: as any value: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "cohort/base/export.hpp"

namespace cohort::object {

class COHORT_EXPORT Block {
 public:
  /// What a block is for: what takes something out makes room by that, and gets its block also when the budget is used
  /// up.
  enum class Purpose { any, taking };

  /// None.
  Block() noexcept = default;
  /// A block of this process of at least `size` bytes, with undefined contents.
  /// @throws OutOfFamilyMemory; StateError after the family was left
  explicit Block(std::size_t size, Purpose purpose = Purpose::any);
  /// Owns a block from now on that is this process's already, and of which it uses `size` bytes. None for 0.
  [[nodiscard]] static Block adopt(std::uint64_t offset, std::size_t size) noexcept;

  Block(Block&& other) noexcept : offset_(std::exchange(other.offset_, 0)), size_(other.size_), owner_(other.owner_) {}
  Block& operator=(Block&& other) noexcept {
    Block old(std::exchange(offset_, std::exchange(other.offset_, 0)), std::exchange(size_, other.size_),
              std::exchange(owner_, other.owner_));
    return *this;
  }
  ~Block() {
    if (offset_ != 0) free();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return offset_ != 0; }
  /// Where it lies in the family memory; 0: none.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  /// The bytes that were asked for.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Where it lies in this process. Throws as Family::address().
  [[nodiscard]] std::byte* place() const;
  /// The block is another owner's from now on: returns its offset, and frees nothing later.
  std::uint64_t give() noexcept { return std::exchange(offset_, 0); }

 private:
  Block(std::uint64_t offset, std::size_t size, std::uint64_t owner) noexcept
      : offset_(offset), size_(size), owner_(owner) {}
  void free() noexcept;

  std::uint64_t offset_ = 0;
  std::size_t size_ = 0;
  std::uint64_t owner_ = 0;  // the member whose it is, packed
};

}  // namespace cohort::object
