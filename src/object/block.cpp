// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/block.hpp"

#include "family/family.hpp"

namespace cohort::object {

using family::Family;

Block::Block(std::size_t size, Purpose purpose) : size_(size) {
  Family& family = Family::instance();
  family::MemberId self = family.self();
  offset_ = purpose == Purpose::taking ? family.allocate_to_take(size, self) : family.allocate(size, self);
  owner_ = self.pack();
}

Block Block::adopt(std::uint64_t offset, std::size_t size) noexcept {
  return {offset, size, Family::self_or_nobody().pack()};
}

std::byte* Block::place() const { return Family::instance().address(offset_, size_); }

void Block::free() noexcept {
  std::uint64_t block = std::exchange(offset_, 0);
  // A process that has left its family is nobody, and so is a copy of a member; one that joined is another member.
  if (owner_ != Family::self_or_nobody().pack() || owner_ == 0) return;
  try {
    Family::instance().free(block);
  } catch (...) {  // NOLINT(bugprone-empty-catch): it goes with this process
  }
}

}  // namespace cohort::object
