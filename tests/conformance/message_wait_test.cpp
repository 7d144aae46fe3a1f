// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What CPython's TestWait asks, and the objects that Python cannot wait for.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/queue.hpp"
#include "cohort/sync/event.hpp"
#include "cohort/sync/semaphore.hpp"
#include "cohort/wait.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

struct WaitConformance : EachMethod {};
COHORT_FOR_EACH_METHOD(WaitConformance);

void send_ten(Connection connection, int who) {
  for (int i = 0; i < 10; ++i) connection.send(std::pair(who, i));
  connection.close();
}

TEST_P(WaitConformance, serves_messages_of_several_children_until_all_are_gone) {
  std::vector<Connection> readers;
  std::vector<Process> children;
  for (int i = 0; i < 4; ++i) {
    auto [r, w] = Pipe(false);
    children.push_back(started(send_ten, w, i));
    w.close();
    readers.push_back(r);
  }
  std::map<int, std::vector<int>> received;
  while (!readers.empty()) {
    auto ready = wait(readers, patience());
    ASSERT_FALSE(ready.empty());
    std::reverse(ready.begin(), ready.end());
    for (std::size_t i : ready) {
      try {
        auto [who, what] = readers[i].recv<std::pair<int, int>>();
        received[who].push_back(what);
      } catch (const EndOfFile&) { readers.erase(readers.begin() + static_cast<long>(i)); }
    }
  }
  EXPECT_EQ(received.size(), 4U);
  for (auto& [who, what] : received) EXPECT_EQ(what, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) << who;
  for (auto& child : children) EXPECT_TRUE(child.join(patience()));
}

void wait_for_go(Connection go) {
  try {
    (void)go.recv<int>();
  } catch (const EndOfFile&) {}
}

TEST_P(WaitConformance, mixes_connections_of_both_kinds_and_children) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe({.transport = Transport::socket});
  auto [go, child_go] = Pipe();
  Process p = started(wait_for_go, child_go);
  child_go.close();
  std::vector<Waitable> things{b, p, d};
  EXPECT_EQ(wait(things, 20ms), std::vector<std::size_t>{});
  go.send(1);
  EXPECT_EQ(wait(things, patience()), std::vector<std::size_t>{1});
  a.send(1);
  EXPECT_EQ(wait(things, patience()), (std::vector<std::size_t>{0, 1}));
  c.send(1);
  EXPECT_EQ(wait(things, patience()), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(p.join(patience()));
}

void act(const Connection& go, Queue<int> queue, Event event, Semaphore semaphore, Connection connection) {
  Connection from = go;
  while (true) switch (from.recv<int>()) {
      case 0: queue.put(1); break;
      case 1: event.set(); break;
      case 2: semaphore.release(); break;
      case 3: connection.send(1); break;
      default: return;
    }
}

TEST_P(WaitConformance, is_woken_by_what_another_process_does_to_any_object) {
  auto [go, child_go] = Pipe();
  auto [here, there] = Pipe();
  auto [socket, other] = Pipe({.transport = Transport::socket});
  Queue<int> queue;
  Event event;
  Semaphore semaphore(0);
  Process p = started(act, child_go, queue, event, semaphore, there);
  for (bool with_descriptor : {false, true}) {
    std::vector<Waitable> things{queue, event, semaphore, here};
    if (with_descriptor) things.emplace_back(socket);
    for (int i = 0; i < 4; ++i) {
      go.send(i);
      EXPECT_EQ(wait(things, patience()), std::vector<std::size_t>{static_cast<std::size_t>(i)});
      (void)queue.try_get();
      event.clear();
      (void)semaphore.acquire(Deadline::now());
      (void)here.try_recv<int>();
    }
  }
  go.send(9);
  EXPECT_TRUE(p.join(patience()));
}

void die_with_a_permit(Semaphore semaphore, Event taken) {
  semaphore.acquire();
  taken.set();
  semaphore.acquire();
}

TEST_P(WaitConformance, is_woken_by_the_permit_of_one_who_is_killed) {
  Semaphore semaphore(1, {.on_owner_death = OwnerDeath::report});
  Event taken, never;
  Process p = started(die_with_a_permit, semaphore, taken);
  ASSERT_TRUE(taken.wait(patience()));
  EXPECT_TRUE(wait({never, semaphore}, 5ms).empty());
  p.kill();
  EXPECT_EQ(wait({never, semaphore}, patience()), std::vector<std::size_t>{1});
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_TRUE(p.join(patience()));
}

void wait_in_child(Connection report, Connection from, Event event) {
  report.send(std::string("waiting"));
  auto ready = wait({from, event}, patience());
  report.send(ready);
}

// A thread would end start by fork: none is left after a wait.
TEST_P(WaitConformance, lets_this_process_start_children_after_a_mixed_wait) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe({.transport = Transport::socket});
  EXPECT_TRUE(wait({b, d}, 5ms).empty());
  Event event;
  auto [report, child_report] = Pipe();
  Process p = started(wait_in_child, child_report, b, event);
  EXPECT_EQ(report.recv<std::string>(patience()), "waiting");
  event.set();
  EXPECT_EQ(report.recv<std::vector<std::size_t>>(patience()), std::vector<std::size_t>{1});
  EXPECT_TRUE(p.join(patience()));
}

}  // namespace
}  // namespace cohort::test
