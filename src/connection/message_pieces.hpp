// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Large messages of a pipe in pieces: the receiver copies one out while the sender fills the next, and the few blocks that
// are on their way are used again and again, so they stay in the caches. docs/formats/pipe.md, "Pieces".
//
// The sender holds `in`, and the receiver `out`, from the first piece to the last: what others send or receive there waits,
// as long as their own limits say.
// A sender never waits for a receiver: without one, the pieces lie in the ring.
// Threads: any. Blocks: a receiver for the next piece, as the limits say; it wakes when the sender dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cohort/base/function_ref.hpp"
#include "connection/pipe_layout.hpp"
#include "ring/byte_ring.hpp"

namespace cohort::connection {

using ring::kMostInline;
using ring::WaitLimits;

/// Bytes of a piece. Measured with 64 KiB to 4 MiB: 1 MiB was best, by a third.
inline constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;

/// Whether a message of so many bytes is sent in pieces.
[[nodiscard]] inline bool goes_in_pieces(const PipeBody& pipe, std::size_t size) noexcept {
  return size > kMostInline / 2 && size > 2 * pipe.piece;
}

/// Where a message in pieces is put together: in the caller's room if it fits there, else in a vector.
struct Assembly {
  std::span<std::byte> room;
  std::vector<std::byte> storage;
};

/// Sends `bytes` through ring[e]. False when `is_over` said so between two pieces: the rest was not sent then, and receivers
/// drop what was.
/// Throws: OutOfFamilyMemory; receivers drop what was sent
bool put_pieces(PipeBody& pipe, std::uint32_t e, std::span<const std::byte> bytes, FunctionRef<bool()> is_over);

enum class Pieces {
  whole,    ///< the message was received
  nothing,  ///< the ring holds nothing that is, or begins, such a message; pieces of cut ones were dropped
  given_up  ///< the deadline, a stop, or `is_over`: what was received is kept, and the next receive goes on there
};
/// Receives a message from ring[e] that comes in pieces. `message` gets its bytes, which lie in `assembly`.
/// Throws: OsError message_size when it has more than `most` bytes: it stays
Pieces take_pieces(PipeBody& pipe, std::uint32_t e, Assembly& assembly, detail::ReceivedMessage& message,
                   std::size_t most, const WaitLimits& limits, FunctionRef<bool()> is_over, const char* operation);

/// Whether a receiver gave up in the middle of a message.
[[nodiscard]] bool has_begun_message(const PipeBody& pipe, std::uint32_t e) noexcept;
/// Whether somebody else is in the middle of a message there.
[[nodiscard]] inline bool is_busy(const std::atomic<std::uint64_t>& busy) noexcept {
  return busy.load(std::memory_order_relaxed) != 0;  // relaxed: who comes too early waits for the lock
}
/// Takes all that lies in ring[e], and drops it.
void drop_all(PipeBody& pipe, std::uint32_t e);
/// After the death of a member: it is in the middle of no message, and what it kept of one is nobody's, not its.
void repair_pieces(PipeBody& pipe, std::uint32_t e, family::MemberId dead);

/// Throws OsError: a message is longer than the caller wants.
[[noreturn]] void throw_too_long(const char* operation, std::uint64_t size, std::size_t most);

}  // namespace cohort::connection
