// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/message_encoder.hpp"

#include <algorithm>
#include <cstring>

#include "family/family.hpp"
#include "family/lock.hpp"

namespace cohort::object {

void MessageEncoder::move_to_block(std::size_t bytes) {
  family::LockDeadline limit(deadline_);
  std::size_t used = static_cast<std::size_t>(cursor_ - begin_);
  Block bigger(bytes);
  // A block is often larger than what was asked for.
  auto& family = family::Family::instance();
  std::size_t room = family.block_size(bigger.offset());
  std::byte* place = family.address(bigger.offset(), room);
  if (used != 0) std::memcpy(place, begin_, used);
  block_ = std::move(bigger);
  begin_ = place;
  cursor_ = place + used;
  end_ = place + room;
}

void MessageEncoder::reserve(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(end_ - begin_)) move_to_block(bytes);
}

void MessageEncoder::write_slow(const std::byte* data, std::size_t size) {
  std::size_t used = static_cast<std::size_t>(cursor_ - begin_);
  // A value that does not fit is often one large range: give that exactly one block.
  move_to_block(std::max<std::size_t>({used + size, 2 * used, 1024}));
  std::memcpy(cursor_, data, size);
  cursor_ += size;
}

}  // namespace cohort::object
