// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One message over a socket, with descriptors and with the name of who sent it.
#include "os/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <span>

#include "cohort/base/error.hpp"
#include "os/fd.hpp"
#include "os/poller.hpp"

namespace cohort::os {
namespace {

TEST(Packet, carries_bytes_and_descriptors_and_keeps_its_boundaries) {
  auto [left, right] = make_packet_pair();
  auto [reader, writer] = make_pipe();
  std::byte text[3] = {std::byte{1}, std::byte{2}, std::byte{3}};
  int fds[] = {writer.get()};
  send_packet(left.get(), text, fds);
  send_packet(left.get(), std::span(text, 1), {});
  std::byte buffer[8];
  auto first = receive_packet(right.get(), buffer);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size, 3u);
  ASSERT_EQ(first->fds.size(), 1u);
  EXPECT_TRUE(::fcntl(first->fds[0].get(), F_GETFD) & FD_CLOEXEC);
  write_full(first->fds[0].get(), text);
  EXPECT_TRUE(is_readable(reader.get()));
  EXPECT_EQ(receive_packet(right.get(), buffer)->size, 1u);
  set_nonblocking(right.get(), true);
  EXPECT_FALSE(receive_packet(right.get(), buffer));
  send_packet(left.get(), text, {});
  auto cut = receive_packet(right.get(), std::span(buffer, 2));
  EXPECT_TRUE(cut->truncated);
  left.reset();
  EXPECT_EQ(receive_packet(right.get(), buffer)->size, 0u);
  EXPECT_THROW(send_packet(right.get(), text, {}), OsError);
}

TEST(Packet, tells_who_sent_it_when_that_was_asked_for) {
  auto [left, right] = make_packet_pair();
  const std::byte text[1]{};
  send_packet(left.get(), text, {});
  std::byte buffer[4];
  EXPECT_FALSE(receive_packet(right.get(), buffer)->sender);
  ask_for_senders(right.get());
  int fds[] = {0};
  send_packet(left.get(), text, fds);
  auto packet = receive_packet(right.get(), buffer);
  ASSERT_TRUE(packet && packet->sender);
  EXPECT_EQ(packet->sender->pid, ::getpid());
  EXPECT_EQ(packet->sender->uid, ::getuid());
  EXPECT_EQ(packet->sender->gid, ::getgid());
  EXPECT_EQ(packet->fds.size(), 1u);
}

TEST(Packet, is_not_sent_when_there_is_no_room) {
  auto [left, right] = make_packet_pair();
  const std::byte text[1]{};
  int sent = 0;
  while (try_send_packet(left.get(), text, {})) ++sent;
  EXPECT_GT(sent, 0);
  std::byte buffer[4];
  EXPECT_EQ(receive_packet(right.get(), buffer)->size, 1u);
  EXPECT_TRUE(try_send_packet(left.get(), text, {}));
}

TEST(Socket, is_told_from_other_descriptors) {
  auto [left, right] = make_stream_pair();
  auto [here, there] = make_packet_pair();
  auto [read_end, write_end] = make_pipe();
  EXPECT_TRUE(is_socket(left.get()));
  EXPECT_FALSE(is_message_socket(left.get()));
  EXPECT_TRUE(is_message_socket(here.get()));
  EXPECT_FALSE(is_socket(read_end.get()));
  EXPECT_FALSE(is_socket(-1));
  EXPECT_NE(socket_number(left.get()), 0u);
  EXPECT_NE(socket_number(left.get()), socket_number(right.get()));
  EXPECT_EQ(socket_number(left.get()), socket_number(duplicate(left.get()).get()));
  EXPECT_EQ(socket_number(read_end.get()), 0u);
}

TEST(Stream, gives_and_takes_what_there_is_without_waiting) {
  auto [left, right] = make_stream_pair();
  std::array<std::byte, 4> bytes{};
  EXPECT_EQ(receive_some(right.get(), bytes).state, Transfer::State::would_block);
  EXPECT_EQ(send_some(left.get(), bytes).count, 4u);
  EXPECT_EQ(receive_some(right.get(), std::span(bytes).first(3)).count, 3u);
  EXPECT_EQ(receive_some(right.get(), bytes).count, 1u);
  left.reset();
  EXPECT_EQ(receive_some(right.get(), bytes).state, Transfer::State::ended);
  EXPECT_EQ(send_some(right.get(), bytes).state, Transfer::State::ended) << "and no SIGPIPE";
}

TEST(Stream, that_takes_no_more_tells_who_sends) {
  auto [left, right] = make_stream_pair();
  refuse_input(right.get());
  std::array<std::byte, 1> byte{};
  EXPECT_EQ(send_some(left.get(), byte).state, Transfer::State::ended);
  EXPECT_EQ(send_some(right.get(), byte).count, 1u) << "the other way is open";
}

}  // namespace
}  // namespace cohort::os
