// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/owned_block.hpp"

#include <cstring>

#include "base/crash_point.hpp"
#include "family/family.hpp"

namespace cohort::detail {

object::Block make_block(std::uint64_t size, std::span<const std::byte> contents) {
  object::Block block(size);
  COHORT_CRASH_POINT("shared.block.allocated");
  std::byte* place = block.place();
  if (!contents.empty()) std::memcpy(place, contents.data(), contents.size());
  std::memset(place + contents.size(), 0, size - contents.size());
  return block;
}

void name_block(const object::Block& block, std::atomic<std::uint64_t>& word) noexcept {
  // SYNC(block): release here -> acquire in repair_block(); carries nothing but the block's name
  word.store(block.offset(), std::memory_order_release);
}

void give_named(object::Block block) {
  COHORT_CRASH_POINT("shared.block.named");
  family::Family::instance().set_owner(block.offset(), family::kNobody);
  block.give();
  COHORT_CRASH_POINT("shared.block.settled");
}

void repair_block(const std::atomic<std::uint64_t>& word, family::MemberId dead) noexcept {
  // SYNC(block): release in name_block() -> acquire here
  std::uint64_t block = word.load(std::memory_order_acquire);
  if (block == 0) return;
  try {
    (void)family::Family::instance().set_owner(block, dead, family::kNobody);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a stray word names no block
  }
}

}  // namespace cohort::detail
