// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In a process without standard streams, no descriptor of ours takes their numbers: the next printf would go into it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "os/fd.hpp"
#include "os/memory.hpp"
#include "os/named_memory.hpp"
#include "os/poller.hpp"
#include "os/signal.hpp"
#include "os/socket.hpp"

namespace cohort::os {
namespace {

// 0 when `make` gives descriptors that are all open and above the standard streams, in a process that has none of
// those.
template <class Make>
int status_of(Make make) {
  pid_t child = ::fork();
  if (child == 0) {
    alarm(30);
    for (int fd : {0, 1, 2}) ::close(fd);
    try {
      std::vector<Fd> made = make();
      bool above = std::ranges::all_of(made, [](const Fd& fd) { return fd.get() > 2 && is_open(fd.get()); });
      bool free = std::ranges::none_of(std::array{0, 1, 2}, [](int fd) { return is_open(fd); });
      ::_exit(made.empty() ? 2 : above && free ? 0 : 1);
    } catch (...) { ::_exit(3); }
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

std::vector<Fd> both(std::pair<Fd, Fd> pair) {
  std::vector<Fd> made;
  made.push_back(std::move(pair.first));
  made.push_back(std::move(pair.second));
  return made;
}

std::vector<Fd> one(Fd fd) {
  std::vector<Fd> made;
  made.push_back(std::move(fd));
  return made;
}

TEST(StandardStreams, are_not_replaced_by_descriptors_that_are_made) {
  EXPECT_EQ(status_of([] { return both(make_pipe()); }), 0);
  EXPECT_EQ(status_of([] { return both(make_stream_pair()); }), 0);
  EXPECT_EQ(status_of([] { return both(make_packet_pair()); }), 0);
  EXPECT_EQ(status_of([] { return one(make_eventfd()); }), 0);
  EXPECT_EQ(status_of([] { return one(open_file("/dev/null", O_RDWR)); }), 0);
  EXPECT_EQ(status_of([] { return one(child_ended_fd()); }), 0);
  EXPECT_EQ(status_of([] {
              Poller poller;
              return one(duplicate(poller.fd() > 2 ? poller.fd() : -1));
            }),
            0);
}

TEST(StandardStreams, are_not_replaced_by_descriptors_that_come_with_a_message) {
  EXPECT_EQ(status_of([] {
              auto [here, there] = make_packet_pair();
              const std::array<std::byte, 1> byte{};
              const std::array fds{here.get(), there.get()};
              send_packet(here.get(), byte, fds);
              std::array<std::byte, 1> into;
              return std::move(receive_packet(there.get(), into).value().fds);
            }),
            0);
}

}  // namespace
}  // namespace cohort::os
