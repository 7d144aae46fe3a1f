// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// fileno() of pipes in memory and of queues: readable exactly while a receive would not wait.
#include "watch/readiness.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "cohort/connection/pipe.hpp"
#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/queue/simple_queue.hpp"
#include "cohort/wait/wait.hpp"
#include "object/objects.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "os/thread.hpp"
#include "support/pipe_body.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::patience;

bool readable(int fd, int timeout_ms = 0) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, timeout_ms) == 1 && (item.revents & POLLIN) != 0;
}

bool becomes_readable(int fd) { return readable(fd, 30'000); }

bool becomes_unreadable(int fd) {
  Deadline deadline = patience();
  while (readable(fd))
    if (deadline.expired()) return false;
  return true;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fileno, is_readable_exactly_while_a_message_can_be_received) {
  auto [a, b] = Pipe();
  int fd = a.fileno();
  EXPECT_FALSE(readable(fd));
  b.send(1);
  EXPECT_TRUE(becomes_readable(fd));
  b.send(2);
  EXPECT_EQ(a.recv<int>(), 1);
  EXPECT_TRUE(readable(fd)) << "another one is there";
  EXPECT_EQ(a.recv<int>(), 2);
  EXPECT_FALSE(readable(fd)) << "this process took the last one";
  b.send_bytes(std::vector<std::byte>(1 << 20));
  EXPECT_TRUE(becomes_readable(fd));
  EXPECT_EQ(a.recv_bytes().size(), 1U << 20);
  EXPECT_FALSE(readable(fd));
  EXPECT_EQ(a.try_recv<int>(), std::nullopt);
  EXPECT_FALSE(readable(fd));
}

TEST(Fileno, is_readable_at_once_when_a_message_is_there) {
  auto [a, b] = Pipe();
  b.send(1);
  EXPECT_TRUE(readable(a.fileno()));
  auto [c, d] = Pipe();
  d.close();
  EXPECT_TRUE(readable(c.fileno()));
}

TEST(Fileno, stays_readable_at_the_end_of_file) {
  auto [a, b] = Pipe();
  int fd = a.fileno();
  b.send(1);
  b.close();
  EXPECT_EQ(a.recv<int>(), 1);
  EXPECT_TRUE(becomes_readable(fd));
  EXPECT_THROW((void)a.recv<int>(), EndOfFile);
  EXPECT_TRUE(readable(fd));
}

TEST(Fileno, is_one_descriptor_for_all_handles_and_close_on_exec) {
  auto [a, b] = Pipe();
  int fd = a.fileno();
  Connection copy = a;
  EXPECT_EQ(copy.fileno(), fd);
  EXPECT_EQ(a.fileno(), fd);
  EXPECT_NE(b.fileno(), fd);
  EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_GT(fd, 2);
}

TEST(Fileno, is_closed_by_close_and_by_the_end_of_the_last_handle) {
  auto [a, b] = Pipe();
  int fd = a.fileno();
  Connection copy = a;
  copy.close();
  EXPECT_FALSE(is_open(fd));
  EXPECT_THROW((void)a.fileno(), ClosedError);
  fd = b.fileno();
  {
    Connection gone = std::move(b);
    EXPECT_EQ(gone.fileno(), fd);
  }
  EXPECT_FALSE(is_open(fd));
  EXPECT_THROW((void)Connection(null_handle).fileno(), ClosedError);
}

TEST(Fileno, does_not_keep_the_end_open) {
  auto [a, b] = Pipe();
  (void)a.fileno();
  a.close();
  EXPECT_THROW((void)b.recv<int>(patience()), EndOfFile);
  auto [c, d] = Pipe();
  (void)c.fileno();
  c = Connection(null_handle);
  EXPECT_THROW((void)d.recv<int>(patience()), EndOfFile);
}

TEST(Fileno, is_refused_by_an_end_that_only_sends) {
  auto [r, w] = Pipe(false);
  EXPECT_THROW((void)w.fileno(), StateError);
  EXPECT_FALSE(readable(r.fileno()));
}

bool library_threads_end() {
  Deadline deadline = patience();
  while (os::library_threads() != 0 && !deadline.expired()) std::this_thread::yield();
  return os::library_threads() == 0;
}

TEST(Fileno, starts_one_thread_that_ends_with_the_last_end_and_no_watcher_is_left) {
  ASSERT_TRUE(library_threads_end()) << "that of an earlier test";
  int threads = os::settled_thread_count(1);
  auto [a, b] = Pipe();
  auto [c, d] = Pipe();
  auto& watchers = object::header_of(&test::pipe_of(b)).watchers;
  for (auto* end : {&a, &b, &c, &d}) (void)end->fileno();
  EXPECT_EQ(os::library_threads(), 1);
  EXPECT_EQ(os::settled_thread_count(threads + 1), threads + 1);
  EXPECT_EQ(watchers.load(), 2U);
  for (auto* end : {&a, &c, &d}) end->close();
  EXPECT_EQ(os::library_threads(), 1);
  EXPECT_EQ(watchers.load(), 1U);
  watch::end_polling(test::end_of(b), watch::LocalState(test::end_of(b).local_flags()));
  EXPECT_EQ(watchers.load(), 0U);
  EXPECT_TRUE(library_threads_end());
  EXPECT_EQ(os::settled_thread_count(threads), threads);
  // And again.
  EXPECT_TRUE(becomes_readable(b.fileno()));
}

TEST(Fileno, is_level_triggered_for_epoll) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe();
  int set = ::epoll_create1(EPOLL_CLOEXEC);
  for (auto* end : {&a, &c}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = end;
    ASSERT_EQ(::epoll_ctl(set, EPOLL_CTL_ADD, end->fileno(), &event), 0);
  }
  epoll_event ready[2];
  EXPECT_EQ(::epoll_wait(set, ready, 2, 0), 0);
  d.send(1);
  for (int look = 0; look < 3; ++look) {
    ASSERT_EQ(::epoll_wait(set, ready, 2, 30'000), 1);
    EXPECT_EQ(ready[0].data.ptr, &c);
  }
  EXPECT_EQ(c.recv<int>(), 1);
  EXPECT_EQ(::epoll_wait(set, ready, 2, 0), 0);
  ::close(set);
}

// The copy's descriptor is its own, and so is the thread.
TEST(Fileno, of_a_forked_copy_is_another_one) {
  auto [a, b] = Pipe();
  int fd = a.fileno();
  auto [both, other] = Pipe();
  int kept = both.fileno();
  b.send(7);
  EXPECT_TRUE(becomes_readable(fd));
  pid_t child = ::fork();
  if (child == 0) {
    int own = a.fileno();
    int failed = 0;
    if (!is_open(own) || !becomes_readable(own)) failed |= 1;
    if (a.recv<int>() != 7) failed |= 2;
    if (readable(own)) failed |= 4;
    b.send(8);
    if (!becomes_readable(own)) failed |= 8;
    if (a.recv<int>() != 8 || readable(own)) failed |= 16;
    // What was inherited and never used goes quietly.
    both.close();
    if (is_open(kept)) failed |= 32;
    a.close();
    if (is_open(own)) failed |= 64;
    os::end_process(failed);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(becomes_unreadable(fd)) << "the copy took the message";
  b.send(9);
  EXPECT_TRUE(becomes_readable(fd));
  EXPECT_EQ(a.recv<int>(), 9);
  EXPECT_FALSE(readable(fd));
  other.send(1);
  EXPECT_TRUE(becomes_readable(kept));
}

TEST(Fileno, is_no_obstacle_to_a_blocking_receive_in_another_thread) {
  auto [a, b] = Pipe();
  int fd = -1;
  std::thread receiver([&a = a] {
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(a.recv<int>(patience()), i);
  });
  fd = a.fileno();
  for (int i = 0; i < 1000; ++i) b.send(i);
  receiver.join();
  EXPECT_FALSE(readable(fd));
}

TEST(Fileno, of_queues_is_readable_while_they_hold_an_item) {
  Queue<int> q;
  int fd = q.fileno();
  EXPECT_FALSE(readable(fd));
  q.put(1);
  EXPECT_TRUE(becomes_readable(fd));
  q.put_many(std::vector<int>{2, 3});
  EXPECT_EQ(q.get(), 1);
  EXPECT_TRUE(readable(fd));
  EXPECT_EQ(q.get_many(10, 1s).size(), 2U);
  EXPECT_FALSE(readable(fd));
  EXPECT_TRUE(wait({q}, Deadline::now()).empty()) << "the queue itself, not its descriptor";
  Queue<std::string> texts;
  texts.put("text");
  fd = texts.fileno();
  EXPECT_TRUE(readable(fd));
  EXPECT_EQ(texts.get(), "text");
  EXPECT_FALSE(readable(fd));
  texts.close();
  EXPECT_FALSE(is_open(fd));
  EXPECT_THROW((void)texts.fileno(), ClosedError);
  SimpleQueue<int> simple;
  simple.put(1);
  EXPECT_TRUE(readable(simple.fileno()));
}

TEST(Fileno, of_a_queue_that_gives_items_again) {
  JoinableQueue<int> q({.redeliver = true});
  int fd = q.fileno();
  q.put(5);
  EXPECT_TRUE(becomes_readable(fd));
  pid_t child = ::fork();
  if (child == 0) os::end_process(q.get() == 5 ? 3 : 4);  // dies without task_done()
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  // Perhaps it was seen without it for a moment.
  EXPECT_TRUE(wait({q}, patience()).size() == 1 && becomes_readable(fd));
  EXPECT_EQ(q.get(patience()), 5);
  EXPECT_FALSE(readable(fd));
  q.task_done();
}

// Each message is awaited by the descriptor alone. Neither may readiness get lost, which the look each 100 ms would
// hide but for the count, nor may the descriptor be readable for nothing.
TEST(Fileno, never_lies_between_two_who_answer_each_other) {
  constexpr int kRounds = 20'000;
  auto [a, b] = Pipe();
  int fd = a.fileno();
  std::uint64_t before = watch::unrung_readiness();
  std::atomic<int> answered{0};
  std::thread sender([&, &b = b] {
    std::mt19937 random(1);
    for (int i = 1; i <= kRounds; ++i) {
      for (auto pause = random() % 64; pause != 0; --pause) os::spin_pause();
      b.send(i);
      for (int seen = answered; seen < i; seen = answered) answered.wait(seen);
      if (answered > i) return;
    }
  });
  for (int i = 1; i <= kRounds; ++i) {
    ASSERT_TRUE(becomes_readable(fd)) << i;
    std::optional<int> message = a.try_recv<int>();
    EXPECT_EQ(message, i);
    EXPECT_FALSE(readable(fd)) << i;
    EXPECT_LE(watch::unrung_readiness() - before, 5U);
    if (testing::Test::HasFailure()) i = kRounds;
    answered = i;
    answered.notify_one();
  }
  sender.join();
}

// The message comes while the last one is taken: the moment in which the descriptor is cleared.
TEST(Fileno, loses_no_message_that_comes_while_it_is_cleared) {
  constexpr int kMessages = 50'000;
  Queue<int> q;
  auto [a, b] = Pipe();
  int fds[] = {a.fileno(), q.fileno()};
  std::uint64_t before = watch::unrung_readiness();
  std::atomic<int> taken[2]{};
  std::thread sender([&, &b = b] {
    std::mt19937 random(2);
    for (int i = 0; i < kMessages; ++i) {
      b.send(i);
      q.put(i);
      // Often just behind the receiver, sometimes far ahead.
      if (random() % 4 != 0)
        for (int look = 0; look < 200 && taken[0] + 2 < i; ++look) std::this_thread::yield();
    }
  });
  std::thread receivers[2];
  for (int which : {0, 1})
    receivers[which] = std::thread([&, &a = a, which] {
      std::mt19937 random(3);
      while (taken[which] != kMessages) {
        ASSERT_TRUE(becomes_readable(fds[which])) << taken[which];
        for (auto most = random() % 3; taken[which] != kMessages; --most) {
          auto message = which == 0 ? a.try_recv<int>() : q.try_get();
          if (!message) break;
          ASSERT_EQ(*message, taken[which]++);
          if (most == 0) break;
        }
      }
      EXPECT_FALSE(readable(fds[which]));
    });
  sender.join();
  for (auto& receiver : receivers) receiver.join();
  EXPECT_LE(watch::unrung_readiness() - before, 5U);
}

// The look itself has two parts, and another process may take the message between them. The second end, for which the
// look must fence, makes that moment long.
TEST(Fileno, loses_no_message_that_comes_after_another_process_took_one_in_the_middle_of_a_look) {
  enum Message : int { ordinary, pause, end };
  auto [a, b] = Pipe();
  auto [idle, peer] = Pipe();
  auto [here, there] = Pipe();
  pid_t child = ::fork();
  if (child == 0) {
    while (true) {
      auto message = a.try_recv<int>();
      if (message == end) os::end_process(0);
      if (message != pause) continue;
      there.send(0);
      (void)there.recv<int>();
    }
  }
  int fd = a.fileno();
  (void)idle.fileno();
  std::uint64_t before = watch::unrung_readiness();
  std::mt19937 random(4);
  Deadline enough = 2s;  // on a busy machine
  for (int round = 0; round < 60 && !enough.expired() && watch::unrung_readiness() - before <= 1; ++round) {
    for (int i = 0; i < 300 && !enough.expired(); ++i) {
      b.send<int>(ordinary);
      while (a.poll() && !enough.expired()) os::spin_pause();
      for (auto wait = random() % 512; wait != 0; --wait) os::spin_pause();
    }
    b.send<int>(pause);
    EXPECT_EQ(here.recv<int>(patience()), 0);
    // Nobody else is there now.
    b.send<int>(ordinary);
    EXPECT_TRUE(becomes_readable(fd));
    EXPECT_EQ(a.try_recv<int>(), ordinary);
    EXPECT_FALSE(readable(fd));
    here.send(0);
  }
  b.send<int>(end);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_LE(watch::unrung_readiness() - before, 1U);
  EXPECT_TRUE(becomes_unreadable(fd));
}

TEST(Fileno, serves_many_threads_at_one_end) {
  constexpr int kMessages = 20'000;
  auto [a, b] = Pipe();
  std::atomic<int> taken{0};
  std::vector<std::thread> receivers;
  for (int i = 0; i < 3; ++i)
    receivers.emplace_back([&, &a = a] {
      int fd = a.fileno();
      while (taken < kMessages) {
        // Another thread may take the last one: no promise that this look finds it readable.
        if (readable(fd, 20) && a.try_recv<int>()) ++taken;
      }
    });
  for (int i = 0; i < kMessages; ++i) b.send(i);
  for (auto& receiver : receivers) receiver.join();
  EXPECT_EQ(taken, kMessages);
  EXPECT_FALSE(readable(a.fileno()));
}

TEST(Fileno, may_be_made_and_closed_by_many_threads) {
  auto [a, b] = Pipe();
  std::atomic<bool> over{false};
  std::thread traffic([&, &a = a, &b = b] {
    while (!over) {
      b.send(1);
      (void)a.fileno();
      EXPECT_EQ(a.recv<int>(), 1);
    }
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 300; ++round) {
        auto [c, d] = Pipe();
        (void)c.fileno();
        d.send(round);
        EXPECT_TRUE(becomes_readable(c.fileno()));
        if (round % 2 == 0) c.close();
      }
    });
  for (auto& thread : threads) thread.join();
  over = true;
  traffic.join();
}

}  // namespace
}  // namespace cohort
