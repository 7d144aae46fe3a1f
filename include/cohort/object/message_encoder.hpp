// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An Encoder that fills a place it is given, and goes over to a block of the family memory when that is too small.
// The place is an array of kInlineMessage bytes as a rule. take_block() gives the block, or none where all of the
// message is in the place.
//
// Destruction frees the block, unless it was taken. Not for users.
// Threads: as any value: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/block.hpp"
#include "cohort/wire/encoder.hpp"

namespace cohort::object {

/// Messages of at most this size are copied where they go, into records of rings; larger ones lie in blocks.
inline constexpr std::size_t kInlineMessage = 8192;

class COHORT_EXPORT MessageEncoder : public Encoder {
 public:
  /// @param place     where to write first; may be empty
  /// @param deadline  of the call: no lock is waited for longer
  explicit MessageEncoder(std::span<std::byte> place, Deadline deadline = {}) noexcept
      : Encoder(place.data(), place.data() + place.size()), deadline_(deadline) {}
  ~MessageEncoder() override = default;

  /// Makes room for that many bytes in all, so that a message whose size can be guessed is not copied to grow.
  /// @throws OutOfFamilyMemory
  void reserve(std::size_t bytes);
  /// The bytes written.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {begin_, static_cast<std::size_t>(cursor_ - begin_)};
  }
  /// Where the block lies that they are in; 0: none, they are in the place.
  [[nodiscard]] std::uint64_t block() const noexcept { return block_.offset(); }
  /// The block that they are in; none: they are in the place.
  [[nodiscard]] Block take_block() noexcept { return std::move(block_); }

 private:
  void write_slow(const std::byte* data, std::size_t size) override;
  void move_to_block(std::size_t bytes);

  Deadline deadline_;
  Block block_;
};

}  // namespace cohort::object
