// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing what there is, without waiting and without SIGPIPE.
#include "os/stream_io.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <vector>

#include "base/sigpipe.hpp"
#include "cohort/base/error.hpp"
#include "os/fd.hpp"
#include "os/poller.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;
using State = Transfer::State;

TEST(StreamIo, reads_what_there_is_then_nothing_then_the_end) {
  auto [read_end, write_end] = make_pipe();
  std::array<std::byte, 8> bytes{};
  EXPECT_EQ(read_pipe_now(read_end.get(), bytes).state, State::would_block) << "though the pipe blocks";
  write_full(write_end.get(), std::span(bytes).first(3));
  EXPECT_EQ(read_pipe_now(read_end.get(), bytes).count, 3u);
  set_nonblocking(read_end.get(), true);
  EXPECT_EQ(read_some(read_end.get(), bytes).state, State::would_block);
  write_end.reset();
  EXPECT_EQ(read_some(read_end.get(), bytes).state, State::ended);
  EXPECT_THROW((void)read_some(-1, bytes), OsError);
}

TEST(StreamIo, writes_into_a_full_pipe_nothing_and_into_one_without_reader_ended) {
  auto [read_end, write_end] = make_pipe();
  std::vector<std::byte> bytes(kPipePiece);
  std::size_t written = 0;
  for (Transfer done; (done = write_now(write_end.get(), bytes)).state == State::moved;) written += done.count;
  EXPECT_GE(written, kPipePiece);
  EXPECT_EQ(write_now(write_end.get(), bytes).state, State::would_block);
  read_end.reset();
  EXPECT_EQ(write_now(write_end.get(), bytes).state, State::ended);
  const SigpipeBlocked no_signal;
  EXPECT_EQ(write_some(write_end.get(), bytes).state, State::ended);
}

TEST(StreamIo, gives_a_pipe_more_room_when_asked) {
  auto [read_end, write_end] = make_pipe();
  EXPECT_TRUE(set_pipe_size(write_end.get(), 128 * 1024));
  EXPECT_GE(::fcntl(read_end.get(), F_GETPIPE_SZ), 128 * 1024);
  EXPECT_FALSE(set_pipe_size(write_end.get(), std::size_t{1} << 40));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_FALSE(set_pipe_size(make_eventfd().get(), 4096));
}

TEST(StreamIo, tells_pipes_and_terminals_from_the_rest) {
  auto [read_end, write_end] = make_pipe();
  EXPECT_TRUE(is_pipe(read_end.get()));
  EXPECT_FALSE(is_pipe(make_eventfd().get()));
  EXPECT_FALSE(is_pipe(-1));
  EXPECT_FALSE(is_terminal_master(read_end.get()));
  Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (master) { EXPECT_TRUE(is_terminal_master(master.get())); }
}

TEST(Notification, makes_its_descriptor_readable_until_it_is_taken) {
  Fd word = make_eventfd();
  notify(word.get());
  notify(word.get());
  EXPECT_TRUE(is_readable(word.get()));
  take_notifications(word.get());
  EXPECT_FALSE(is_readable(word.get()));
  take_notifications(word.get());
}

TEST(PollItems, say_of_each_whether_it_is_ready) {
  auto [read_end, write_end] = make_pipe();
  PollItem items[] = {{.fd = read_end.get()}, {.fd = write_end.get(), .for_write = true}, {.fd = -1}};
  EXPECT_EQ(poll_items(items, 10s), 1u);
  EXPECT_FALSE(items[0].ready);
  EXPECT_TRUE(items[1].ready);
  EXPECT_FALSE(items[2].ready);
  prefer_large_pages(nullptr, 0);
}

}  // namespace
}  // namespace cohort::os
