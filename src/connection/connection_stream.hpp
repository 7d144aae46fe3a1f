// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A connection over a descriptor, with Python's framing (connection/frame_reader.hpp).
//
// Works with descriptors in blocking and in non-blocking mode, and changes neither. Reads no byte beyond a message: other
// processes may receive at the same descriptor, one after the other, while nobody polls. poll() and wait() take in what has come of
// the next message, since nothing else tells whether all of it is there.
// The peer is not trusted: what it can make this process hold is bounded by ConnectionLimits::max_message, and by what it really
// sent; however slowly it sends, and whatever it attaches, deadlines hold and no descriptor stays open.
// A receive that is given up in the middle of a message goes on there the next time. A send cannot; the connection then
// sends no more.
// Threads: any; one at a time sends, and one receives. Blocks: as the limits say, with a look each 100 ms.
// Fork: what was taken in stays with the process that did it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/connection/connection.hpp"
#include "cohort/ring/wait_limits.hpp"
#include "connection/frame_reader.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"

namespace cohort::detail {

class StreamEnd : public std::enable_shared_from_this<StreamEnd> {
 public:
  StreamEnd(os::Fd fd, const ConnectionOptions& options);

  using Limits = detail::WaitLimits;

  /// False on the deadline or a stop.
  bool send(std::span<const std::byte> message, const Limits& limits, const char* operation);
  /// Receives a message of at most `most` bytes, of max_message when it says nothing; nullopt on the deadline or a stop.
  std::optional<std::vector<std::byte>> receive(std::optional<std::size_t> most, const Limits& limits,
                                                const char* operation);
  /// Receives a message where the caller wants it; its size, or nullopt as above.
  std::optional<std::size_t> receive_into(std::span<std::byte> room, const Limits& limits, const char* operation);
  /// Waits until a receive would not wait for the peer.
  bool poll(const Limits& limits);
  enum class Look : std::uint8_t {
    ready,    ///< a receive would not wait: for a message, or to report an end or an error
    nothing,  ///< all that has come was taken in: poll the descriptor
    busy,     ///< another thread receives: what the descriptor has is for that one
  };
  /// One look, which takes in what has come of the next message. `until` bounds it when the peer sends faster than we take.
  Look look(Deadline until, const char* operation);
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
  [[nodiscard]] const ConnectionLimits& limits() const noexcept { return limits_; }

 private:
  class Use;
  class LeaveMessage;
  struct Kept;
  [[nodiscard]] bool wait_ready(const Use& use, bool for_write, const Limits& limits) const;
  bool write_all(const Use& use, std::span<const std::byte> bytes, const Limits& limits, bool begun);
  os::Transfer read_now(const Use& use, std::span<std::byte> into);
  os::Transfer read_first(const Use& use, std::span<std::byte> into);
  bool take_in(const Use& use, Deadline until);
  bool fill(const Use& use, bool only_length, const Limits& limits);
  bool begin_message(const Use& use, const Limits& limits);
  void leave_message() noexcept;
  void keep_what_came();
  void drop_inherited(const char* operation);
  [[noreturn]] void refuse_length(const Use& use);
  [[noreturn]] void throw_cut(const char* operation);
  void release_when_unused() noexcept;

  enum class Kind : std::uint8_t { socket, pipe, other };

  os::Fd fd_;
  bool readable_;
  bool writable_;
  ConnectionLimits limits_;
  Kind kind_;
  std::atomic<std::uint32_t> users_{0};  // calls that use the descriptor; kClosed, kReleased
  std::timed_mutex sending_;
  std::timed_mutex receiving_;
  bool cut_ = false;  // under sending_: a message was sent in part

  // Under receiving_: what was received of the present message, and what poll() met that the next receive is to report.
  connection::FrameReader reader_;
  std::int32_t reader_process_ = 0;  // which process took it in
  bool ended_ = false;
  std::exception_ptr failure_;
  os::Fd handle_;  // came with the first byte, which is then that of a send_handle()
};

}  // namespace cohort::detail
