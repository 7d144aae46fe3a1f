// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An Encoder that fills a place it is given first and goes over to a block of the family memory when that is too small.
#pragma once

#include "cohort/wire/encoder.hpp"
#include "family/family.hpp"

namespace cohort::detail {

class FamilyEncoder final : public Encoder {
 public:
  /// @param place  where to write first; may be empty
  /// @param owner  who owns the block, if there is one, until take_block()
  FamilyEncoder(std::span<std::byte> place, family::MemberId owner) noexcept
      : Encoder(place.data(), place.data() + place.size()), owner_(owner) {}
  ~FamilyEncoder() override {
    if (block_ != 0) family::Family::instance().free(block_);
  }

  /// Makes room for that many bytes in all, so that a message whose size can be guessed is not copied to grow.
  void reserve(std::size_t bytes);
  /// The block that holds the whole message; 0 when it fitted in the place. The caller frees it.
  [[nodiscard]] family::Offset take_block() noexcept { return std::exchange(block_, 0); }

 private:
  void write_slow(const std::byte* data, std::size_t size) override;
  void move_to_block(std::size_t bytes);

  family::MemberId owner_;
  family::Offset block_ = 0;
};

}  // namespace cohort::detail
