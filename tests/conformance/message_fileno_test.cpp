// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// fileno() of pipes in memory and of queues, with the other end in another process: event loops in children and
// parents.
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/queue.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

bool readable(int fd, int timeout_ms) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, timeout_ms) == 1;
}

struct FilenoConformance : EachMethod {};
COHORT_FOR_EACH_METHOD(FilenoConformance);

// Echoes by poll(2), one message a look, until the empty one.
void echo_by_poll(Connection connection) {
  int fd = connection.fileno();
  while (readable(fd, 30'000)) {
    auto text = connection.try_recv<std::string>();
    if (!text) std::abort();  // readable for nothing
    connection.send(*text);
    if (text->empty()) return;
  }
  std::abort();
}

// The same for two things at once, by epoll.
void echo_by_epoll(Connection connection, Queue<std::string> queue) {
  int set = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = 0;
  ::epoll_ctl(set, EPOLL_CTL_ADD, connection.fileno(), &event);
  event.data.u32 = 1;
  ::epoll_ctl(set, EPOLL_CTL_ADD, queue.fileno(), &event);
  while (true) {
    if (::epoll_wait(set, &event, 1, 30'000) != 1) std::abort();
    auto text = event.data.u32 == 0 ? connection.try_recv<std::string>() : queue.try_get();
    if (!text) std::abort();
    connection.send(*text);
    if (text->empty()) return;
  }
}

TEST_P(FilenoConformance, lets_a_child_wait_by_poll) {
  auto [here, there] = Pipe();
  Process p = started(echo_by_poll, there);
  there.close();
  // One to three under way.
  for (int i = 0; i < 200; ++i) {
    for (int n = 0; n <= i % 3; ++n) here.send(std::to_string(i + n));
    for (int n = 0; n <= i % 3; ++n) EXPECT_EQ(here.recv<std::string>(patience()), std::to_string(i + n));
  }
  here.send(std::string());
  EXPECT_EQ(here.recv<std::string>(patience()), "");
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(FilenoConformance, lets_a_child_wait_for_several_by_epoll) {
  auto [here, there] = Pipe();
  Queue<std::string> queue;
  Process p = started(echo_by_epoll, there, queue);
  there.close();
  int fd = here.fileno();
  for (int i = 0; i < 300; ++i) {
    std::string text = std::to_string(i);
    if (i % 2 == 0)
      here.send(text);
    else
      queue.put(text);
    EXPECT_TRUE(readable(fd, 30'000));
    EXPECT_EQ(here.try_recv<std::string>(), text);
    EXPECT_FALSE(readable(fd, 0));
  }
  queue.put(std::string());
  EXPECT_EQ(here.recv<std::string>(patience()), "");
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

void wait_for_ever(Connection connection, Connection ready) {
  (void)connection.fileno();
  ready.send(1);
  while (true) (void)connection.recv<int>();
}

TEST_P(FilenoConformance, becomes_readable_when_the_last_process_with_the_other_end_is_killed) {
  auto [here, there] = Pipe();
  auto [ready, child_ready] = Pipe();
  // Made before the start: a forked child has the number, and must not keep it going.
  int fd = here.fileno();
  Process p = started(wait_for_ever, there, child_ready);
  there.close();
  EXPECT_EQ(ready.recv<int>(patience()), 1);
  EXPECT_FALSE(readable(fd, 0));
  p.kill();
  EXPECT_TRUE(readable(fd, 30'000)) << "before anybody has joined it";
  EXPECT_THROW((void)here.recv<int>(patience()), EndOfFile);
  EXPECT_TRUE(p.join(patience()));
}

void take_one(Connection connection, Queue<int> queue) { queue.put(connection.recv<int>()); }

TEST_P(FilenoConformance, is_unreadable_again_after_another_process_took_the_message) {
  auto [here, there] = Pipe();
  Queue<int> taken;
  int fd = here.fileno();
  int taken_fd = taken.fileno();
  there.send(5);
  EXPECT_TRUE(readable(fd, 30'000));
  Process p = started(take_one, here, taken);
  EXPECT_TRUE(readable(taken_fd, 30'000));
  EXPECT_EQ(taken.get(patience()), 5);
  EXPECT_FALSE(readable(taken_fd, 0));
  Deadline deadline = patience();
  while (readable(fd, 0) && !deadline.expired()) ::usleep(1000);
  EXPECT_FALSE(readable(fd, 0));
  there.send(6);
  EXPECT_TRUE(readable(fd, 30'000));
  EXPECT_EQ(here.recv<int>(), 6);
  EXPECT_TRUE(p.join(patience()));
}

void drain(Connection connection, Queue<int> taken, int until) {
  int fd = connection.fileno();
  while (true) {
    if (!readable(fd, 30'000)) std::abort();
    auto message = connection.try_recv<int>();
    if (!message) continue;  // another process was quicker
    if (*message == until) return;
    taken.put(*message);
  }
}

TEST_P(FilenoConformance, serves_several_processes_that_share_an_end) {
  constexpr int kMessages = 3000;
  auto [here, there] = Pipe();
  Queue<int> taken;
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) children.push_back(started(drain, there, taken, -1));
  for (int i = 0; i < kMessages; ++i) here.send(i);
  std::vector<bool> seen(kMessages, false);
  for (int i = 0; i < kMessages; ++i) {
    int message = taken.get(patience());
    EXPECT_FALSE(seen.at(static_cast<std::size_t>(message)));
    seen.at(static_cast<std::size_t>(message)) = true;
  }
  for (int i = 0; i < 3; ++i) here.send(-1);
  for (auto& child : children) {
    EXPECT_TRUE(child.join(patience()));
    EXPECT_EQ(child.exitcode(), 0);
  }
}

}  // namespace
}  // namespace cohort::test
