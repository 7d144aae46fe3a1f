// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Owned descriptors.
#include "os/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <span>
#include <string>

#include "cohort/base/error.hpp"
#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(WriteFull, into_a_pipe_without_reader_throws_and_does_not_kill) {
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              auto [read_end, write_end] = make_pipe();
              read_end.reset();
              try {
                write_full(write_end.get(), std::as_bytes(std::span("x", 1)));
              } catch (const OsError& error) { return error.code() == std::errc::broken_pipe ? 0 : 2; }
              return 1;
            }),
            0);
}

TEST(Fd, is_moved_above_the_standard_streams) {
  EXPECT_EQ(in_copy([] {
              ::close(0);
              Fd low(::open("/dev/null", O_RDONLY | O_CLOEXEC));
              if (low.get() != 0) return 1;
              Fd high = above_standard_streams(std::move(low));
              if (high.get() < 3 || is_open(0)) return 2;
              int number = high.get();
              if (above_standard_streams(std::move(high)).get() != number) return 3;
              return above_standard_streams(Fd()).get() == -1 ? 0 : 4;
            }),
            0);
}

TEST(Fd, is_close_on_exec_from_birth_however_it_is_made) {
  auto [read_end, write_end] = make_pipe();
  auto [left, right] = make_stream_pair();
  auto [here, there] = make_packet_pair();
  Fd copy = duplicate(read_end.get(), 50);
  EXPECT_GE(copy.get(), 50);
  for (int fd : {read_end.get(), write_end.get(), left.get(), right.get(), here.get(), there.get(), copy.get(),
                 make_eventfd().release(), open_file("/dev/null", O_RDONLY).release()})
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC) << fd;
  set_close_on_exec(copy.get(), false);
  EXPECT_EQ(::fcntl(copy.get(), F_GETFD), 0);
}

TEST(Fd, names_the_call_and_the_path_that_failed) {
  try {
    (void)open_file("/no/such/file", O_RDONLY);
    FAIL() << "it was opened";
  } catch (const OsError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.operation(), "open");
    EXPECT_EQ(error.subject(), "/no/such/file");
  }
  EXPECT_THROW((void)duplicate(-1), OsError);
  EXPECT_THROW(set_nonblocking(-1, true), OsError);
}

TEST(ReadFull, fills_the_buffer_from_several_writes_and_stops_at_the_end) {
  auto [read_end, write_end] = make_pipe();
  const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  write_full(write_end.get(), bytes);
  write_full(write_end.get(), bytes);
  std::array<std::byte, 5> first{};
  EXPECT_EQ(read_full(read_end.get(), first), 5u);
  EXPECT_EQ(first[4], std::byte{2});
  write_end.reset();
  EXPECT_EQ(read_full(read_end.get(), first), 1u);
  EXPECT_EQ(first[0], std::byte{3});
  EXPECT_EQ(read_full(read_end.get(), first), 0u);
}

TEST(Fd, waits_or_not_as_it_is_told) {
  auto [read_end, write_end] = make_pipe();
  set_nonblocking(read_end.get(), true);
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  set_nonblocking(read_end.get(), false);
  EXPECT_EQ(::fcntl(read_end.get(), F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace cohort::os
