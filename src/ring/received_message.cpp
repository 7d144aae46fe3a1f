// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/ring/received_message.hpp"

#include <algorithm>
#include <cstring>

#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/lender.hpp"
#include "object/objects.hpp"

namespace cohort::detail {

namespace {

// Destructors: a family that was left has taken our blocks and references back already.
void free_own_block(std::uint64_t block) noexcept {
  if (block == 0 || !family::Family::self_or_nobody()) return;
  try {
    family::Family::instance().free(block);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace

void ReceivedMessage::release() noexcept {
  free_own_block(std::exchange(block_, 0));
  ParcelEntry parcel = std::exchange(parcel_, {});
  if (parcel.object == 0 || !family::Family::self_or_nobody()) return;
  try {
    object::Objects::instance().free_parcel({parcel.object, parcel.index});
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

void Unpacking::begin(ReceivedMessage& message) {
  auto lender = std::make_shared<object::Lender>(object::Objects::Entry{message.parcel_.object, message.parcel_.index});
  message.parcel_ = {};
  message.lender_ = lender;
  lending_ = std::make_shared<object::Lending>(std::move(lender));
}

MessageEncoder::~MessageEncoder() { free_own_block(block_); }

void MessageEncoder::write_slow(const std::byte* data, std::size_t size) {
  auto& family = family::Family::instance();
  family::LockDeadline limit(deadline_);
  std::size_t used = static_cast<std::size_t>(cursor_ - begin_);
  // A value that does not fit is often one large range: give that exactly one block.
  family::Offset bigger = family.allocate(std::max(used + size, 2 * used), family.self());
  std::size_t room = family.block_size(bigger);
  std::byte* place = family.address(bigger, room);
  if (used != 0) std::memcpy(place, begin_, used);
  std::memcpy(place + used, data, size);
  free_own_block(block_);
  block_ = bigger;
  begin_ = place;
  cursor_ = place + used + size;
  end_ = place + room;
}

}  // namespace cohort::detail
