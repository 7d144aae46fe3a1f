// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A stream of bytes both ways, under FramedTransport: a socket, a pipe, or what lies over one and changes its bytes, as
// TLS does. Knows nothing of messages, deadlines and other threads.
//
// No call waits, whatever mode a descriptor is in: what cannot be done now would block, and readiness() says what to
// poll for before the next attempt.
// Threads: one reads and one writes at a time; close() comes when neither does. Errors: OsError; the caller adds what
// the user called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "os/fd.hpp"
#include "os/stream_io.hpp"

namespace cohort::connection {

class ByteStream {
 public:
  ByteStream() = default;
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// Reads at most so many bytes, of those that are there. `ended`: the peer sends no more.
  [[nodiscard]] virtual os::Transfer read_some(std::span<std::byte> into) = 0;
  /// Writes as many as there is room for; raises no signal. `ended`: the peer takes no more.
  [[nodiscard]] virtual os::Transfer write_some(std::span<const std::byte> bytes) = 0;

  enum class Direction : std::uint8_t { in, out };
  /// What to poll for after a read (in) or a write (out) that would have blocked. Not always its own direction: TLS may
  /// have to write before it can read on.
  [[nodiscard]] virtual os::PollItem readiness(Direction direction) const noexcept = 0;

  /// The descriptor that an event loop polls for what comes.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// Whether a copy of that descriptor is all that another process needs to go on.
  [[nodiscard]] virtual bool can_travel() const noexcept = 0;

  /// Nothing more is taken: who sends is told so, where the system can.
  virtual void refuse_input() noexcept {}
  /// Idempotent.
  virtual void close() noexcept = 0;

  // ---- descriptors of other files, which only sockets carry ---------------------------------------------------------

  [[nodiscard]] virtual bool carries_descriptors() const noexcept { return false; }
  /// As read_some(). The descriptors that came with the bytes are added to `descriptors`.
  [[nodiscard]] virtual os::Transfer read_with_descriptors(std::span<std::byte> into, std::vector<os::Fd>& descriptors);
  /// Writes a byte and a copy of a descriptor. False: it would block, and nothing was written.
  [[nodiscard]] virtual bool try_write_descriptor(std::byte byte, int descriptor);
};

}  // namespace cohort::connection
