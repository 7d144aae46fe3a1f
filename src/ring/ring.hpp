// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A ring of messages that any number of processes append to and take from, and that survives the death of any of them
// at any instruction. docs/formats/queue.md has the layout, the steps and the table of deaths.
//
// These are functions on a RingBody, wherever in the family memory it lies; zeroed memory is an empty ring without a
// bound.
// Threads: any. Not from signal handlers. Blocks: for the lock of a side only, unless a Until is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/ring/received_message.hpp"
#include "cohort/ring/wait_limits.hpp"
#include "ring/layout.hpp"

namespace cohort::object {
class Destroyer;
}

namespace cohort::ring {

class Reader;
struct Record;

/// One message to put: bytes, which are copied into the ring, or a block of this process, which is handed over.
struct Message {
  const std::byte* bytes = nullptr;
  std::size_t size = 0;
  Offset block = 0;                  ///< not 0: there lies the message
  std::uint64_t start = 0;           ///< in the block
  object::Parcel* parcel = nullptr;  ///< with the objects that the message names, if there are any; the ring's when put

  [[nodiscard]] bool has_parcel() const noexcept { return parcel != nullptr && *parcel; }
};

using detail::WaitLimits;
using object::kInlineMessage;

// ---- one look, no wait ----------------------------------------------------------------------------------------------

/// Puts the message unless the ring has its bound of items. The block and the parcel are the ring's afterwards.
/// @throws OutOfFamilyMemory when the ring had to grow and could not; nothing was put
[[nodiscard]] bool try_put(RingBody& ring, const Message& message);
/// Puts values of `size` bytes (at most kInlineMessage) that lie one after the other; as many of `count` as there is
/// room for, which it returns. A process that dies in it has put some of them.
/// @throws OutOfFamilyMemory; family::LockedOut, but only before the first value
[[nodiscard]] std::size_t try_put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count);
/// What became of a look for a message.
enum class Received {
  message,  ///< it was taken
  nothing,  ///< there is none
  piece,    ///< what lies in front is a part of a large message, which only pipes have; it stays
  later     ///< there is one that is not to be had now: another receiver is in the middle of it, or the limits are over
};
/// Takes the oldest message, unless it comes in pieces.
/// @throws StateError when the ring's memory is damaged
[[nodiscard]] Received try_take(RingBody& ring, detail::ReceivedMessage& message);
/// Takes the record that `reader` gave last, which is no piece.
void take_record(Reader& reader, const Record& record, detail::ReceivedMessage& message);
/// Takes messages of exactly `size` bytes, at most `most`, which are copied one after the other. Stops at one of
/// another form.
/// Returns: how many
[[nodiscard]] std::size_t try_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most,
                                         const char* verb = "get");

// ---- with waiting ---------------------------------------------------------------------------------------------------

[[nodiscard]] bool put(RingBody& ring, const Message& message, const WaitLimits& limits);
/// Returns how many were put by the deadline.
[[nodiscard]] std::size_t put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count,
                                    const WaitLimits& limits);
[[nodiscard]] bool take(RingBody& ring, detail::ReceivedMessage& message, const WaitLimits& limits);
/// Waits for one message, then takes what there is, at most `most`. 0 on the deadline.
/// @throws DecodeError when the oldest message has another form; it stays
[[nodiscard]] std::size_t take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most,
                                     const WaitLimits& limits);

// ---- the state ------------------------------------------------------------------------------------------------------

/// Items in the ring at this moment.
[[nodiscard]] std::size_t item_count(const RingBody& ring) noexcept;
[[nodiscard]] bool is_full(const RingBody& ring) noexcept;
/// The name of the class, for messages. The ring is a queue's.
[[nodiscard]] const char* type_of_queue(RingBody& ring) noexcept;
/// How often the locks were taken from dead holders.
[[nodiscard]] std::uint64_t takeovers(const RingBody& ring) noexcept;

// ---- ends -----------------------------------------------------------------------------------------------------------

/// Repairs what a dead process left in the middle of. For ObjectOperations::member_died; does nothing when there is
/// nothing to repair.
void repair(RingBody& ring);
/// The same, without waiting for those who hold a side and live, but for the moments in which they change what a dead
/// one may have begun.
void repair_after(RingBody& ring, family::MemberId dead);
/// Frees all that the ring names. For ObjectOperations::destroy.
void destroy(RingBody& ring, object::Destroyer& destroyer);

}  // namespace cohort::ring
