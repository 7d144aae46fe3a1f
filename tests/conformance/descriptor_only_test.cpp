// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A connection over a descriptor in a process that has no family memory, and gets none by it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/wait.hpp"
#include "family/family.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::patience;

// As the library knows, and as the system does.
bool has_family_memory() {
  return family::Family::exists() || test::file_text("/proc/self/maps").find("/memfd:") != std::string::npos;
}

std::array<Connection, 2> socket_ends() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {Connection::from_descriptor(fds[0]), Connection::from_descriptor(fds[1])};
}

TEST(DescriptorOnly, messages_of_each_size_and_type_need_no_family_memory) {
  auto [a, b] = socket_ends();
  a.send(std::map<std::string, int>{{"one", 1}});
  EXPECT_EQ((b.recv<std::map<std::string, int>>(patience())), (std::map<std::string, int>{{"one", 1}}));
  std::vector<double> many(1 << 18, 2.5);
  std::thread sender([&, &a = a] {
    a.send(many);
    a.send_bytes(std::vector<std::byte>(3 << 20));
    a.send_bytes(std::vector<std::byte>(10));
  });
  EXPECT_TRUE(b.recv<std::vector<double>>(patience()) == many);
  EXPECT_EQ(b.recv_bytes({}, patience()).size(), std::size_t{3} << 20);
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(b.recv_bytes_into(buffer, 5, patience()), 10U);
  sender.join();
  EXPECT_FALSE(has_family_memory());
}

TEST(DescriptorOnly, waits_stops_and_deadlines_need_no_family_memory) {
  auto [a, b] = socket_ends();
  EXPECT_FALSE(b.poll(1ms));
  EXPECT_EQ(b.try_recv<int>(1ms), std::nullopt);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(b.try_recv<int>(stop.get_token()), std::nullopt);
  stopper.join();
  a.send(1);
  EXPECT_EQ(wait({a, b}, patience()), (std::vector<std::size_t>{1}));
  EXPECT_EQ(b.recv<int>(), 1);
  a.close();
  EXPECT_EQ(wait({b}, patience()), (std::vector<std::size_t>{0}));
  EXPECT_THROW((void)b.recv<int>(), EndOfFile);
  EXPECT_FALSE(has_family_memory());
}

TEST(DescriptorOnly, a_pipe_over_descriptors_and_the_passing_of_descriptors_need_no_family_memory) {
  auto [a, b] = Pipe({.transport = Transport::socket});
  a.send_handle(2);
  int handle = b.recv_handle(patience());
  EXPECT_GT(handle, 2);
  ::close(handle);
  auto [reader, writer] = Pipe({.duplex = false, .transport = Transport::socket});
  writer.send(std::string(20'000, 'x'));
  EXPECT_EQ(reader.recv<std::string>(patience()), std::string(20'000, 'x'));
  EXPECT_FALSE(has_family_memory());
}

// So that the look above can fail.
TEST(DescriptorOnly, a_pipe_in_memory_makes_it) {
  auto ends = Pipe();
  EXPECT_TRUE(has_family_memory());
}

}  // namespace
}  // namespace cohort
