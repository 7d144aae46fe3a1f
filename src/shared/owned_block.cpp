// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/owned_block.hpp"

#include <cstring>

#include "base/crash_point.hpp"

namespace cohort::detail {

family::Offset make_block(std::uint64_t size, std::span<const std::byte> contents) {
  auto& family = family::Family::instance();
  family::Offset block = family.allocate(size, family.self());
  COHORT_CRASH_POINT("shared.block.allocated");
  std::byte* place = family.address(block, size);
  if (!contents.empty()) std::memcpy(place, contents.data(), contents.size());
  std::memset(place + contents.size(), 0, size - contents.size());
  return block;
}

void settle_block(family::Offset block) {
  COHORT_CRASH_POINT("shared.block.named");
  family::Family::instance().set_owner(block, family::kNobody);
  COHORT_CRASH_POINT("shared.block.settled");
}

void settle_block_of(family::Offset block, family::MemberId dead) noexcept {
  try {
    (void)family::Family::instance().set_owner(block, dead, family::kNobody);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a stray word names no block
  }
}

void forget_block(family::Offset block) noexcept {
  if (block == 0) return;
  try {
    family::Family::instance().free(block);
  } catch (...) {  // NOLINT(bugprone-empty-catch): it goes with this process
  }
}

}  // namespace cohort::detail
