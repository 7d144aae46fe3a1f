// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wait/wait.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "cohort/connection/pipe.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/sync/event.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/sync/semaphore.hpp"
#include "object/objects.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "support/pipe_body.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::patience;
using Positions = std::vector<std::size_t>;

// A thread that acts once this one sleeps, as far as that can be seen: its state is S.
template <class F>
std::thread once_asleep(F action) {
  pid_t waiter = os::thread_id();
  return std::thread([waiter, action] {
    std::string path = "/proc/self/task/" + std::to_string(waiter) + "/stat";
    while (test::file_text(path).find(") S") == std::string::npos) std::this_thread::yield();
    action();
  });
}

TEST(Wait, gives_all_that_are_ready_in_the_order_of_the_call) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe({.transport = Transport::socket});
  Queue<int> queue;
  Event event;
  Semaphore semaphore(0);
  EXPECT_EQ(wait({b, d, queue, event, semaphore}, Deadline::now()), Positions{});
  event.set();
  EXPECT_EQ(wait({b, d, queue, event, semaphore}), Positions{3});
  a.send(1);
  c.send(1);
  EXPECT_EQ(wait({b, d, queue, event, semaphore}), (Positions{0, 1, 3}));
  queue.put(5);
  semaphore.release();
  EXPECT_EQ(wait({b, d, queue, event, semaphore}), (Positions{0, 1, 2, 3, 4}));
  EXPECT_EQ(b.recv<int>(), 1);
  EXPECT_EQ(queue.get(), 5);
  event.clear();
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_EQ(wait({b, d, queue, event, semaphore}), Positions{1}) << "nothing was taken";
}

TEST(Wait, takes_a_range_of_connections) {
  std::vector<Connection> readers, writers;
  for (int i = 0; i < 5; ++i) {
    auto [r, w] = Pipe(false);
    readers.push_back(r);
    writers.push_back(w);
  }
  writers[3].send(1);
  writers[1].close();
  EXPECT_EQ(wait(readers), (Positions{1, 3}));
}

TEST(Wait, sleeps_until_any_one_of_many_kinds_is_ready) {
  for (bool with_descriptor : {false, true}) {
    auto [a, b] = Pipe();
    auto [c, d] = Pipe({.transport = Transport::socket});
    Queue<int> queue;
    Event event;
    Semaphore semaphore(0);
    std::vector<std::function<void()>> actions{[&, &a = a] { a.send(1); }, [&] { queue.put(1); }, [&] { event.set(); },
                                               [&] { semaphore.release(); }};
    if (with_descriptor) actions.push_back([&, &c = c] { c.send(1); });
    std::vector<Waitable> things{b, queue, event, semaphore};
    if (with_descriptor) things.emplace_back(d);
    for (std::size_t i = 0; i < actions.size(); ++i) {
      std::thread thread = once_asleep(actions[i]);
      EXPECT_EQ(wait(things, patience()), Positions{i}) << i;
      thread.join();
      (void)b.try_recv<int>();
      (void)queue.try_get();
      event.clear();
      (void)semaphore.acquire(Deadline::now());
    }
  }
}

TEST(Wait, leaves_no_thread_and_no_watcher_behind) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe({.transport = Transport::socket});
  int threads = os::settled_thread_count(1);
  EXPECT_EQ(wait({b, d}, 20ms), Positions{});
  EXPECT_EQ(os::settled_thread_count(threads), threads);
  EXPECT_EQ(object::header_of(&test::pipe_of(b)).watchers.load(), 0U);
}

TEST(Wait, for_nothing_with_neither_a_deadline_nor_a_stop_is_refused) {
  EXPECT_THROW((void)wait({}), ValueError);
  EXPECT_THROW((void)wait(std::vector<Connection>()), ValueError);
}

TEST(Wait, ends_at_its_deadline_and_on_a_stop) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe({.transport = Transport::socket});
  EXPECT_EQ(wait({b}, 5ms), Positions{});
  EXPECT_EQ(wait({d}, 5ms), Positions{});
  EXPECT_EQ(wait({b, d}, 5ms), Positions{});
  EXPECT_EQ(wait({b, d}, -1s), Positions{});
  EXPECT_EQ(wait({}, -1s), Positions{});
  for (const std::vector<Waitable>& things : {std::vector<Waitable>{b}, {d}, {b, d}, {}}) {
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(wait(things, 30ms), Positions{});
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
    std::stop_source stop;
    std::thread thread = once_asleep([&] { stop.request_stop(); });
    EXPECT_THROW((void)wait(things, {stop.get_token(), patience()}), Stopped);
    thread.join();
    EXPECT_THROW((void)wait(things, stop.get_token()), Stopped);
  }
}

TEST(Wait, sees_the_end_of_file_when_the_last_process_at_the_other_end_is_killed) {
  for (bool with_descriptor : {false, true}) {
    auto [a, b] = Pipe();
    auto [c, d] = Pipe({.transport = Transport::socket});
    pid_t child = ::fork();
    if (child == 0) {
      ::alarm(50);
      a.send(1);
      ::pause();
      ::_exit(0);
    }
    EXPECT_EQ(b.recv<int>(patience()), 1);
    a.close();
    std::vector<Waitable> things{b};
    if (with_descriptor) things.emplace_back(d);
    std::thread thread = once_asleep([child] { ::kill(child, SIGKILL); });
    EXPECT_EQ(wait(things, patience()), Positions{0});
    thread.join();
    EXPECT_THROW((void)b.recv<int>(), EndOfFile);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
}

TEST(Wait, takes_what_ends_by_its_sentinel_and_what_has_a_descriptor) {
  struct Ends {
    int fd;
    [[nodiscard]] int sentinel() const { return fd; }
  };
  struct File {
    int fd;
    [[nodiscard]] int fileno() const { return fd; }
  };
  auto [a, b] = Pipe({.transport = Transport::socket});
  EXPECT_EQ(wait({Ends{b.fileno()}, File{b.fileno()}, b.fileno()}, 5ms), Positions{});
  a.send(1);
  EXPECT_EQ(wait({Ends{b.fileno()}, File{b.fileno()}, b.fileno()}), (Positions{0, 1, 2}));
}

TEST(Wait, counts_a_message_that_was_received_in_part) {
  auto [a, b] = Pipe({.transport = Transport::socket});
  a.send_bytes(std::vector<std::byte>(100));
  EXPECT_THROW((void)b.recv_bytes(10), OsError);
  EXPECT_EQ(wait({b}, Deadline::now()), Positions{0});
}

TEST(Wait, refuses_what_cannot_be_waited_for) {
  auto [reader, writer] = Pipe(false);
  EXPECT_THROW((void)wait({writer}), StateError);
  auto [r, w] = Pipe({.duplex = false, .transport = Transport::socket});
  EXPECT_THROW((void)wait({w}), StateError);
  EXPECT_THROW((void)wait({Lock()}), ValueError);
  EXPECT_THROW((void)wait({-1}), ValueError);
  EXPECT_THROW((void)wait({987654}), OsError);
  reader.close();
  EXPECT_THROW((void)wait({reader}), ClosedError);
  r.close();
  EXPECT_THROW((void)wait({r}), ClosedError);
  EXPECT_THROW((void)wait({Connection(null_handle)}), ClosedError);
  Queue<int> queue;
  queue.close();
  EXPECT_THROW((void)wait({queue}), ClosedError);
}

TEST(Wait, throws_when_another_thread_closes_what_it_waits_for) {
  auto [a, b] = Pipe();
  std::thread thread = once_asleep([&, &b = b] { b.close(); });
  EXPECT_THROW((void)wait({b}, patience()), ClosedError);
  thread.join();
}

TEST(Wait, of_many_threads_wakes_all_of_them) {
  auto [a, b] = Pipe();
  Event event;
  std::vector<std::thread> threads;
  std::atomic<int> woken{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, &b = b] {
      if (wait({b, event}, patience()) == Positions{0}) ++woken;
    });
  // One that sleeps for the same object alone shares the mark with them.
  std::thread poller([&, &b = b] {
    if (b.poll(patience())) ++woken;
  });
  a.send(1);
  for (auto& thread : threads) thread.join();
  poller.join();
  EXPECT_EQ(woken, 5);
}

}  // namespace
}  // namespace cohort
