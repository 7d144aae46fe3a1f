// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A connection over a descriptor, with Python's framing: a length of 4 bytes (big-endian, signed), then the message; a
// length of −1 is followed by one of 8 bytes.
//
// Works with descriptors in blocking and in non-blocking mode, and changes neither. Reads no byte beyond a message: other
// processes may receive at the same descriptor, one after the other.
// A receive that is given up in the middle of a message goes on there the next time. A send cannot; the connection then
// sends no more.
// Threads: any; one at a time sends, and one receives. Blocks: as the limits say, with a look each 100 ms.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"

namespace cohort::detail {

class StreamEnd : public std::enable_shared_from_this<StreamEnd> {
 public:
  StreamEnd(os::Fd fd, bool readable, bool writable);

  struct Limits {
    Deadline deadline;
    const std::stop_token* stop = nullptr;
  };

  /// False on the deadline or a stop.
  bool send(std::span<const std::byte> message, const Limits& limits, const char* operation);
  /// Receives a message of at most `most` bytes; nullopt on the deadline or a stop.
  std::optional<std::vector<std::byte>> receive(std::size_t most, const Limits& limits, const char* operation);
  bool poll(const Limits& limits);
  bool send_handle(int descriptor, Deadline deadline);
  /// nullopt on the deadline.
  std::optional<os::Fd> receive_handle(Deadline deadline);

  /// The descriptor, for a copy that is to go to another process; what `keep` points to keeps it open.
  /// Throws: EncodeError in the middle of a message, which the other process could not know; ClosedError
  [[nodiscard]] int fd_to_copy(std::shared_ptr<const void>& keep);

  /// Throws ClosedError when it was closed.
  [[nodiscard]] int fd(const char* operation) const;
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept;
  [[nodiscard]] bool readable() const noexcept { return readable_; }
  [[nodiscard]] bool writable() const noexcept { return writable_; }
  /// Whether receive() would look at a message that it left in the middle.
  [[nodiscard]] bool holds_message() const noexcept {
    // relaxed: a look
    return length_known_.load(std::memory_order_relaxed);  // relaxed: a hint
  }

 private:
  class Use;
  struct Kept;
  [[nodiscard]] bool wait_ready(const Use& use, bool for_write, const Limits& limits) const;
  bool write_all(const Use& use, std::span<const std::byte> bytes, const Limits& limits, bool begun);
  bool read_more(const Use& use, std::span<std::byte> into, std::size_t& have, const Limits& limits);
  bool read_length(const Use& use, const Limits& limits);
  [[noreturn]] void throw_cut(const char* operation);
  void release_when_unused() noexcept;

  os::Fd fd_;
  bool readable_;
  bool writable_;
  bool is_socket_;
  std::atomic<std::uint32_t> users_{0};  // calls that use the descriptor; kClosed, kReleased
  std::timed_mutex sending_;
  std::timed_mutex receiving_;
  bool cut_ = false;  // under sending_: a message was sent in part

  // Under receiving_: what was received of the present message.
  std::array<std::byte, 12> header_{};
  std::size_t header_have_ = 0;
  std::uint64_t length_ = 0;
  std::atomic<bool> length_known_{false};
  std::vector<std::byte> message_;
  std::size_t message_have_ = 0;
};

}  // namespace cohort::detail
