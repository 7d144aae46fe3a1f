// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Large messages of a pipe in pieces: the receiver copies one out while the sender fills the next, and the few blocks
// that are on their way are used again and again, so they stay in the caches. docs/formats/pipe.md, "Pieces".
//
// The sender holds `in`, and the receiver `out`, from the first piece to the last: what others send or receive there
// waits, as long as their own limits say. A sender never waits for a receiver: without one, the pieces lie in the ring.
// Threads: any. Blocks: a receiver for the next piece, as the limits say; it wakes when the sender dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cohort/base/function_ref.hpp"
#include "cohort/base/until.hpp"
#include "connection/lane.hpp"
#include "ring/reader.hpp"
#include "ring/ring.hpp"

namespace cohort::connection {

/// Bytes of a piece. Measured with 64 KiB to 4 MiB: 1 MiB was best, by a third.
inline constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;

/// Whether a message of so many bytes is sent in pieces.
[[nodiscard]] inline bool goes_in_pieces(const PipeBody& pipe, std::size_t size) noexcept {
  return size > ring::kInlineMessage / 2 && size > 2 * pipe.piece;
}

/// Where a message in pieces is put together: in the caller's place if it fits there, else in a vector.
class Assembly {
 public:
  explicit Assembly(std::span<std::byte> place = {}) noexcept : place_(place) {}

  /// A message of `total` bytes begins. Throws std::bad_alloc
  void begin(std::size_t total);
  void add(std::span<const std::byte> bytes);
  void clear() noexcept;
  /// What was added.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return in_place_ ? std::span<const std::byte>(place_.data(), size_) : std::span<const std::byte>(storage_);
  }
  /// The vector, if it lies there: its bytes stay where they are.
  [[nodiscard]] std::vector<std::byte> take_storage() noexcept { return std::move(storage_); }

 private:
  std::span<std::byte> place_;
  std::vector<std::byte> storage_;
  std::size_t size_ = 0;
  bool in_place_ = false;
};

/// Sends `bytes` through a lane. False when `is_over` said so between two pieces: the rest was not sent then, and
/// receivers drop what was.
/// @throws OutOfFamilyMemory; receivers drop what was sent
bool put_pieces(const Lane& lane, std::span<const std::byte> bytes, FunctionRef<bool()> is_over);

/// What a receive takes, and how long it waits within a message.
struct ReceiveLimits {
  std::size_t most;  ///< bytes; a longer message stays
  const Until& until;
  const char* operation;  ///< what the user called, for errors
};
/// Goes on with the message that is kept, or begins the one in pieces that lies in front. The caller holds `out`.
/// @param is_over  ends the wait as a stop does
/// Returns: message: it lies in `assembly`; nothing: none is kept, nor does one lie in front: pieces of cut ones were
///          dropped; later: the limits are over, what was received is kept, and the next receive goes on there
/// @throws OsError message_size when it is too long: it stays
[[nodiscard]] ring::Received take_pieces(const Lane& lane, ring::Reader& reader, Assembly& assembly,
                                         const ReceiveLimits& limits, FunctionRef<bool()> is_over);

/// Takes all that lies in a lane, and drops it.
void drop_all(const Lane& lane);
/// After the death of a member: it is in the middle of no message, and what it kept of one is nobody's, not its.
void repair_pieces(const Lane& lane, family::MemberId dead);

/// Throws OsError: a message is longer than the caller wants.
[[noreturn]] void throw_too_long(const char* operation, std::uint64_t size, std::size_t most);

}  // namespace cohort::connection
