// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/family_encoder.hpp"

#include <algorithm>
#include <cstring>

namespace cohort::detail {

void FamilyEncoder::move_to_block(std::size_t bytes) {
  auto& family = family::Family::instance();
  std::size_t used = static_cast<std::size_t>(cursor_ - begin_);
  family::Offset bigger = family.allocate(bytes, owner_);
  std::size_t room = family.block_size(bigger);
  std::byte* place = family.address(bigger, room);
  if (used != 0) std::memcpy(place, begin_, used);
  if (block_ != 0) family.free(block_);
  block_ = bigger;
  begin_ = place;
  cursor_ = place + used;
  end_ = place + room;
}

void FamilyEncoder::reserve(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(end_ - begin_)) move_to_block(bytes);
}

void FamilyEncoder::write_slow(const std::byte* data, std::size_t size) {
  std::size_t used = static_cast<std::size_t>(cursor_ - begin_);
  // A value that does not fit is often one large range: give that exactly one block.
  move_to_block(std::max<std::size_t>({used + size, 2 * used, 1024}));
  std::memcpy(cursor_, data, size);
  cursor_ += size;
}

}  // namespace cohort::detail
