// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: talking to pipes without blocking, for those who serve several at once.
#pragma once

#include <cstddef>
#include <span>

#include "base/sigpipe.hpp"
#include "cohort/base/deadline.hpp"
#include "os/fd.hpp"

namespace cohort::os {

/// How far a read or write came.
struct Transfer {
  enum class State : unsigned char {
    moved,        ///< `count` bytes
    would_block,  ///< nothing now; poll
    ended,        ///< reading: the end; writing: nobody reads any more
  };
  State state = State::would_block;
  std::size_t count = 0;
};

/// True for the side of a pseudo terminal that made it. Linux answers EIO there when the other side was closed by all.
[[nodiscard]] bool is_terminal_master(int fd) noexcept;
/// One read(2) of a non-blocking descriptor. The EIO of a pseudo terminal that all have closed is its end. Throws
/// OsError.
[[nodiscard]] Transfer read_some(int fd, std::span<std::byte> buffer);
/// One write(2). A pipe that nobody reads gives `ended`; the caller keeps SIGPIPE away with SigpipeBlocked.
[[nodiscard]] Transfer write_some(int fd, std::span<const std::byte> bytes);

/// One write(2) that does not block, whatever mode the descriptor is in, and raises no SIGPIPE. Files on disks are
/// written whole. Throws OsError.
[[nodiscard]] Transfer write_now(int fd, std::span<const std::byte> bytes);
/// One read(2) of a pipe that does not block, whatever mode it is in: another reader may have taken what poll(2) saw.
/// Throws OsError.
[[nodiscard]] Transfer read_pipe_now(int fd, std::span<std::byte> buffer);
/// True when `fd` is a pipe or a FIFO.
[[nodiscard]] bool is_pipe(int fd) noexcept;

/// What a pipe that polls writable takes without blocking, even one in blocking mode.
inline constexpr std::size_t kPipePiece = 4096;

/// A descriptor to wait for. A negative one is skipped.
struct PollItem {
  int fd = -1;
  bool for_write = false;
  bool ready = false;   ///< answer: an operation would not block now (it may report an end or an error)
  bool closed = false;  ///< answer: there is no such descriptor; it counts as ready
};
/// Waits until one is ready or the deadline passes; returns how many are. A signal's arrival does not end the wait.
/// Any number of items, whatever RLIMIT_NOFILE is. Throws OsError(EBADF) when one is closed.
std::size_t poll_items(std::span<PollItem> items, Deadline deadline);
/// The same, but one that is closed does not fail the others.
std::size_t poll_each(std::span<PollItem> items, Deadline deadline);

/// Asks for more room in a pipe (F_SETPIPE_SZ); false with errno when refused, as an unprivileged user's quota may be.
bool set_pipe_size(int fd, std::size_t bytes) noexcept;
/// Asks for large pages under memory that is about to be filled; a hint, worth it from some megabytes on.
void prefer_large_pages(void* start, std::size_t bytes) noexcept;
/// Makes an eventfd readable; async-signal-safe.
void notify(int eventfd) noexcept;
/// Takes all notifications back.
void take_notifications(int eventfd) noexcept;

}  // namespace cohort::os
