// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// What is asked about others before anything is done for them or with what they passed on.

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "os/credentials.hpp"
#include "os/memory.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "os/program_start.hpp"
#include "os/socket.hpp"
#include "support/scratch.hpp"

namespace cohort::os {
namespace {

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

TEST(Memory, is_told_from_what_took_its_number) {
  Fd memory = make_memory("test", page_size());
  std::uint64_t number = memory_number(memory.get());
  EXPECT_TRUE(is_memory(memory.get(), number));
  Fd other = make_memory("test", page_size());
  EXPECT_FALSE(is_memory(other.get(), number));
  EXPECT_FALSE(is_memory(-1, number));
  EXPECT_FALSE(is_memory(null_device().get(), number));
  EXPECT_FALSE(is_memory(memory.get(), 0)) << "0 is no number";
  std::byte bytes[8];
  EXPECT_TRUE(read_memory(memory.get(), 0, bytes));
  EXPECT_FALSE(read_memory(memory.get(), page_size() - 4, bytes)) << "half of it is not there";
}

TEST(Pidfd, is_told_from_other_descriptors_and_from_others) {
  Fd own = open_pidfd(::getpid());
  EXPECT_TRUE(is_pidfd(own.get()));
  EXPECT_TRUE(is_pidfd(own.get(), ::getpid()));
  EXPECT_FALSE(is_pidfd(own.get(), ::getppid()));
  EXPECT_FALSE(is_pidfd(null_device().get()));
  EXPECT_FALSE(is_pidfd(make_eventfd().get()));
  EXPECT_FALSE(is_pidfd(-1));
}

TEST(Process, shows_that_it_is_stopped_and_what_it_ended_with) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::raise(SIGSTOP);
    ::_exit(9);
  }
  ASSERT_TRUE(test::eventually([&] { return is_stopped({pid, 0}); }));
  EXPECT_FALSE(is_stopped({pid, 1})) << "another process had that number then";
  EXPECT_EQ(unreaped_status(pid), -1) << "it has not ended";
  ::kill(pid, SIGCONT);
  EXPECT_TRUE(test::eventually([&] { return unreaped_status(pid) == 9 << 8; }));
  EXPECT_FALSE(is_stopped({pid, 0}));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 9 << 8);
  EXPECT_EQ(unreaped_status(pid), -1);
  EXPECT_FALSE(is_stopped({::getpid(), 0}));
}

TEST(Privileges, are_compared_in_every_part) {
  auto own = privileges_of(0);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->uids[0], ::getuid());
  EXPECT_EQ(own->gids[1], ::getegid());
  EXPECT_TRUE(may_have(*own, *own));
  Privileges other = *own;
  other.uids[2] += 1;
  EXPECT_FALSE(may_have(other, *own));
  other = *own;
  other.gids[0] += 1;
  EXPECT_FALSE(may_have(other, *own));
  other = *own;
  other.groups.push_back(4242);
  EXPECT_FALSE(may_have(other, *own)) << "a group can also keep one out";
  Privileges free = *own;
  free.no_new_privileges = false;
  other = free;
  other.no_new_privileges = true;
  EXPECT_FALSE(may_have(other, free));
  EXPECT_TRUE(may_have(free, other));
  other = *own;
  other.seccomp_filters += 1;
  EXPECT_FALSE(may_have(other, *own));
  Privileges server = *own;
  server.permitted = 0b111;
  other = server;
  other.permitted = 0b101;
  other.bounding = 0b111;
  other.uids = server.uids = {1000, 1000, 1000};
  EXPECT_FALSE(may_have(other, server));
  other.uids = server.uids = {0, 0, 0};
  EXPECT_TRUE(may_have(other, server)) << "root has them as soon as it executes a program";
  other.bounding = 0b101;
  EXPECT_FALSE(may_have(other, server));
  EXPECT_FALSE(privileges_of(0x7fffffff));
}

TEST(Privileges, are_read_of_another_process) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  ASSERT_TRUE(test::eventually([&] { return is_stopped({pid, 0}); }));
  auto others = privileges_of(pid);
  ASSERT_TRUE(others);
  EXPECT_TRUE(others->no_new_privileges);
  EXPECT_EQ(others->groups, privileges_of(0)->groups);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST(ProgramStart, knows_its_arguments_and_that_no_loader_was_executed) {
  auto words = program_arguments();
  ASSERT_FALSE(words.empty());
  EXPECT_NE(words[0].find("os_test"), std::string::npos) << words[0];
  EXPECT_TRUE(loader_command().empty());
  EXPECT_FALSE(started_with_privileges());
  EXPECT_EQ(why_started_with_privileges("/proc/self/exe"), "");
}

}  // namespace
}  // namespace cohort::os
