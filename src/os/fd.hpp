// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: owned descriptors.
//
// Every descriptor that Cohort makes or receives has a number of at least 3, though the program has closed its standard
// streams: who opens those again, or writes to them, would meet it. It is close-on-exec from birth; what a child is to
// have is passed by an explicit map (os/spawn.hpp). All calls throw OsError that names the call; interrupted calls are
// repeated.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "cohort/base/handle.hpp"

namespace cohort::os {

struct FdTraits {
  using Value = int;
  static constexpr int null() noexcept { return -1; }
  static void release(int fd) noexcept;
};
/// One owned descriptor.
using Fd = UniqueHandle<FdTraits>;

/// A pipe: first is read from, second is written to.
[[nodiscard]] std::pair<Fd, Fd> make_pipe();
/// Two connected Unix-domain stream sockets.
[[nodiscard]] std::pair<Fd, Fd> make_stream_pair();
/// Two connected Unix-domain sockets that keep message boundaries (SOCK_SEQPACKET).
[[nodiscard]] std::pair<Fd, Fd> make_packet_pair();
/// An eventfd counter, non-blocking.
[[nodiscard]] Fd make_eventfd();
/// open(2) with O_CLOEXEC. `path` must end in a NUL.
[[nodiscard]] Fd open_file(const char* path, int flags, unsigned mode = 0);
/// A close-on-exec copy with a number of at least `lowest`.
[[nodiscard]] Fd duplicate(int fd, int lowest = 3);
/// The same descriptor, moved to a number of at least 3 if it has less: a program that closed a standard stream may put
/// another there at any time, and would close what we keep. What cannot be moved stays.
[[nodiscard]] Fd above_standard_streams(Fd fd) noexcept;
/// Sets or clears close-on-exec.
void set_close_on_exec(int fd, bool on);
/// Sets or clears O_NONBLOCK.
void set_nonblocking(int fd, bool on);
/// Reads until `buffer` is full or the end; returns how much was read.
std::size_t read_full(int fd, std::span<std::byte> buffer);
/// Writes all of `bytes`, waiting for room; raises no SIGPIPE.
void write_full(int fd, std::span<const std::byte> bytes);
/// True when `fd` names an open descriptor.
[[nodiscard]] bool is_open(int fd) noexcept;

}  // namespace cohort::os
