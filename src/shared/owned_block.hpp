// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A block of payload that belongs to a shared object, named by a word of the object's body.
//
// A new block is this process's until the object is listed: a death before frees it. From then on the object's repair
// (member_died) gives it to nobody, and so does settle(), which every first use calls. Destruction frees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "family/family.hpp"

namespace cohort::detail {

/// Whether an object's init has run, and which block it made: filled in by init, read by the constructor.
struct BlockCreation {
  bool ran = false;
  family::Offset block = 0;
};

/// A block of ours of at least `size` bytes that begins with `contents`, the rest zero.
[[nodiscard]] family::Offset make_block(std::uint64_t size, std::span<const std::byte> contents);
/// The block belongs to the object that names it, not to us.
void settle_block(family::Offset block);
/// The same when `dead` still has it.
void settle_block_of(family::Offset block, family::MemberId dead) noexcept;
/// Frees a block that no object has come to name.
void forget_block(family::Offset block) noexcept;

}  // namespace cohort::detail
