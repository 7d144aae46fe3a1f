// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A block of payload that belongs to a shared object, named by a word of the object's body.
//
// A new block is this process's (object::Block): a death before the object names it frees it. Once named it is given to
// nobody, by its maker, or by the object's repair (member_died) when the maker died in between. The end of the object
// frees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "cohort/object/block.hpp"
#include "family/layout.hpp"

namespace cohort::detail {

/// A block of at least `size` bytes that begins with `contents`, the rest zero.
/// @throws OutOfFamilyMemory
[[nodiscard]] object::Block make_block(std::uint64_t size, std::span<const std::byte> contents);
/// `word`, of an object's body, names the block from now on. Follow with give_named().
void name_block(const object::Block& block, std::atomic<std::uint64_t>& word) noexcept;
/// The block that an object names is the object's.
void give_named(object::Block block);
/// Gives to nobody what `word` names, if `dead` still has it.
void repair_block(const std::atomic<std::uint64_t>& word, family::MemberId dead) noexcept;

}  // namespace cohort::detail
