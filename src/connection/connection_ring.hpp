// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a connection in the family memory does: docs/formats/pipe.md, in code.
//
// Threads: any. Blocks: as the limits say.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include "cohort/connection/connection.hpp"
#include "connection/message_pieces.hpp"
#include "connection/pipe_layout.hpp"
#include "ring/byte_ring.hpp"

namespace cohort::connection {

using ring::WaitLimits;

/// The two ends of a new pipe.
[[nodiscard]] std::pair<detail::RingEnd, detail::RingEnd> make_ring_pipe(bool duplex, std::uint64_t capacity);

/// A call that uses an end. While one exists, close() in another thread does not take the end's memory away.
class EndUse {
 public:
  /// Throws ClosedError when the end is closed or null.
  EndUse(const detail::RingEnd& end, const char* operation);
  ~EndUse();
  EndUse(const EndUse&) = delete;
  EndUse& operator=(const EndUse&) = delete;

  [[nodiscard]] bool closed() const noexcept;
  /// Throws ClosedError when the end was closed meanwhile.
  void check_open() const;
  [[nodiscard]] PipeBody& pipe() const noexcept { return *pipe_; }
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint32_t peer() const noexcept { return 1 - end_; }
  [[nodiscard]] std::uint32_t mode() const noexcept { return mode_; }
  [[nodiscard]] const char* operation() const noexcept { return operation_; }
  [[nodiscard]] const detail::RingEnd& handle() const noexcept { return handle_; }
  /// local_flags() of the end.
  [[nodiscard]] std::atomic<std::uint32_t>& flags() const noexcept { return flags_; }

 private:
  detail::RingEnd& handle_;
  std::atomic<std::uint32_t>& flags_;
  const char* operation_;
  PipeBody* pipe_ = nullptr;
  std::uint32_t end_ = 0;
  std::uint32_t mode_ = 0;
};

inline constexpr std::size_t kAnyLength = std::numeric_limits<std::size_t>::max();

/// Sends what was encoded. False on the deadline or a stop; the encoder is as before then.
bool ring_send(const detail::RingEnd& end, detail::MessageEncoder& encoder, const WaitLimits& limits,
               const char* operation);
/// Sends bytes.
bool ring_send(const detail::RingEnd& end, std::span<const std::byte> bytes, const WaitLimits& limits,
               const char* operation);
/// Receives a message of at most `most` bytes; one that comes in pieces is put together in `assembly`. False on the deadline
/// or a stop.
bool ring_receive(const detail::RingEnd& end, detail::ReceivedMessage& message, Assembly& assembly, std::size_t most,
                  const WaitLimits& limits, const char* operation);
bool ring_poll(const detail::RingEnd& end, const WaitLimits& limits);
void ring_close(detail::RingEnd& end) noexcept;
[[nodiscard]] bool ring_closed(const detail::RingEnd& end) noexcept;
[[nodiscard]] std::uint32_t ring_mode(const detail::RingEnd& end);
/// A descriptor that is readable exactly while ring_receive() would not wait; see readiness.hpp.
[[nodiscard]] int ring_fileno(const detail::RingEnd& end);

/// Whether ring_receive() would not wait. For wait(), which holds an EndUse.
[[nodiscard]] bool can_receive(const EndUse& use) noexcept;

}  // namespace cohort::connection
