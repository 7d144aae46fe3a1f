// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A message in pieces that a receiver gave up in the middle. It is kept for the next one: in a block of the family
// memory, which any process can go on with, or where that has no room, in this process. docs/formats/pipe.md, "Pieces".
//
// Threads: any that hold the lane's `out`. Death: what a dead process kept is nobody's, and so the next receiver's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cohort/base/function_ref.hpp"
#include "connection/lane.hpp"
#include "family/layout.hpp"

namespace cohort::connection {

/// How far the receiving of a message has come. In a block, its first `have` bytes follow.
struct PartialMessage {
  std::uint64_t sender = 0;  ///< thread word
  std::uint64_t number = 0;  ///< of the message, unique in the family
  std::uint64_t total = 0;   ///< bytes of the message
  std::uint64_t have = 0;    ///< of them received
};
static_assert(sizeof(PartialMessage) == 32);

/// Whether one seems to be kept.
[[nodiscard]] bool has_partial_message(const Lane& lane) noexcept;
/// Keeps one, whose first `have` bytes begin at `bytes`.
void keep_partial_message(const Lane& lane, const PartialMessage& message, const std::byte* bytes);
/// Takes out what is kept: first tells `begin` how far it has come, which may throw, and then nothing was taken; then
/// gives `add` its bytes. False: nothing is kept.
bool resume_partial_message(const Lane& lane, FunctionRef<void(const PartialMessage&)> begin,
                            FunctionRef<void(std::span<const std::byte>)> add);
/// After the death of a member: what it kept is nobody's, not its.
void repair_partial_message(const Lane& lane, family::MemberId dead);

}  // namespace cohort::connection
