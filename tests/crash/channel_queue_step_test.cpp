// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of what it does with a queue, and asserts that the others go on, that
// nothing is lost but the victim's own, and that no byte of the family memory is.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>

#include "channel/ring_layout.hpp"
#include "crash/channel_queue_support.hpp"
#include "crash/single_step.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using shm::Family;
using shm::testing::Balance;
using shm::testing::fork_child;

class QueueStep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
    (void)Family::instance().self();
    // What this process keeps for itself from the first use on.
    use_all();
    family.sweep();
    before = Balance::of(family);
  }
  void TearDown() override { account.remove(); }

  void use_all() {
    Queues queues;
    put_cell(queues.cells, account);
    put_text(queues.texts, account, 20000);
    put_handle(queues, account);
    put_loan(queues, account, 3000);
    put_text(queues.jobs, account, 10);
    drain(queues, account);
    account.clear();
  }

  struct Case {
    std::function<void(Queues&, Account&)> prepare = [](Queues&, Account&) {};
    std::function<void(Queues&, Account&)> operation;
    std::uint64_t may_be_lost = 0;  ///< by the victim's death
    bool may_come_twice = false;
    long stride = 1;
    double seconds = 1;  ///< after so long, every 7th instruction; after twice that, every 61st
  };

  void one(const Case& c, long at, bool& killed) {
    account.clear();
    {
      Queues queues;
      c.prepare(queues, account);
      killed = kill_after(
          at,
          [&] {
            // Names and tables of its own, before the steps are counted.
            Queues own;
            own.cells.put(Cell::of(1));
            (void)own.cells.get();
            own.handles.put({1, Queue<int>()});
            (void)own.handles.get();
          },
          [&] { c.operation(queues, account); });
      // A sibling goes on at once, before anybody repairs on purpose.
      auto start = std::chrono::steady_clock::now();
      put_cell(queues.cells, account);
      put_text(queues.texts, account, 10);
      drain(queues, account);
      put_cell(queues.bounded, account);
      drain(queues, account);
      EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
      family.sweep();
      drain(queues, account);
      EXPECT_TRUE(queues.cells.empty() && queues.texts.empty() && queues.handles.empty() && queues.vectors.empty());
      EXPECT_TRUE(queues.jobs.join(Deadline::now())) << "an item of the dead one was neither done nor given back";
      account.expect_balanced(c.may_be_lost, c.may_come_twice);
    }
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(Balance::of(family), before);
  }

  void kill_everywhere(const char* name, Case c) {
    auto start = std::chrono::steady_clock::now();
    auto spent = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
    // COHORT_TEST_SECONDS=100 kills at every instruction of all of them.
    if (const char* wanted = std::getenv("COHORT_TEST_SECONDS")) c.seconds = std::atof(wanted);
    long kills = 0;
    bool killed = true;
    for (long at = 1; killed; at += c.stride) {
      SCOPED_TRACE(std::string(name) + " killed after " + std::to_string(at) + " instructions");
      one(c, at, killed);
      ++kills;
      if (::testing::Test::HasFailure()) return;
      if (spent() > c.seconds) c.stride = 7;  // coprime to the length of any loop worth meeting
      if (spent() > 2 * c.seconds) c.stride = 61;
      if (spent() > 4 * c.seconds) break;
      ASSERT_LT(at, 1000000) << "the operation does not end";
    }
    EXPECT_GT(kills, 20);
    std::printf("%s: %ld kills in %.1f s, %llu lost\n", name, kills, spent(),
                static_cast<unsigned long long>(account.lost()));
  }

  Family& family = Family::instance();
  Account& account = Account::make();
  Balance before{};
};

void put_three(Queues& queues, Account& account) {
  for (int i = 0; i < 3; ++i) put_cell(queues.cells, account);
}

// The first segment has room for 909 records of 72 bytes.
void fill_segment(Queues& queues, Account& account) {
  for (int i = 0; i < 909; ++i) put_cell(queues.cells, account);
}

TEST_F(QueueStep, put) {
  kill_everywhere(
      "put", {.prepare = put_three, .operation = [](Queues& q, Account& a) { put_cell(q.cells, a); }, .seconds = 3});
}

TEST_F(QueueStep, get) {
  kill_everywhere("get", {.prepare = put_three,
                          .operation = [](Queues& q, Account& a) { a.got(q.cells.get().id()); },
                          .may_be_lost = 1,
                          .seconds = 3});
}

TEST_F(QueueStep, the_first_put_which_makes_the_ring) {
  kill_everywhere("first put", {.operation = [](Queues& q, Account& a) { put_cell(q.cells, a); }});
}

TEST_F(QueueStep, put_where_the_ring_begins_again) {
  kill_everywhere("put at the wrap",
                  {.prepare =
                       [](Queues& q, Account& a) {
                         for (int i = 0; i < 909; ++i) {
                           put_cell(q.cells, a);
                           a.got(q.cells.get().id());
                         }
                       },
                   .operation = [](Queues& q, Account& a) { put_cell(q.cells, a), put_cell(q.cells, a); }});
}

TEST_F(QueueStep, put_that_grows) {
  kill_everywhere("put that grows",
                  {.prepare = fill_segment, .operation = [](Queues& q, Account& a) { put_cell(q.cells, a); }});
}

TEST_F(QueueStep, get_that_shrinks) {
  kill_everywhere("get that shrinks", {.prepare =
                                           [](Queues& q, Account& a) {
                                             fill_segment(q, a);
                                             put_three(q, a);
                                             for (int i = 0; i < 909; ++i) a.got(q.cells.get().id());
                                           },
                                       .operation = [](Queues& q, Account& a) { a.got(q.cells.get().id()); },
                                       .may_be_lost = 1});
}

TEST_F(QueueStep, put_on_a_full_queue) {
  kill_everywhere(
      "put on a full queue",
      {.prepare =
           [](Queues& q, Account& a) {
             for (int i = 0; i < 3; ++i) put_cell(q.bounded, a);
           },
       .operation = [](Queues& q,
                       Account&) { (void)q.bounded.full(), (void)q.bounded.try_put(Cell::of(Account::kItems - 1)); },
       .may_be_lost = 0});
}

TEST_F(QueueStep, put_of_a_handle) {
  kill_everywhere("put of a handle", {.prepare = put_handle, .operation = put_handle, .seconds = 1});
}

TEST_F(QueueStep, get_of_a_handle) {
  kill_everywhere("get of a handle", {.prepare = put_handle,
                                      .operation =
                                          [](Queues& q, Account& a) {
                                            auto item = q.handles.get();
                                            a.got(item.first);
                                          },
                                      .may_be_lost = 1,
                                      .seconds = 1});
}

TEST_F(QueueStep, loan_and_publish) {
  kill_everywhere("loan and publish", {.operation = [](Queues& q, Account& a) { put_loan(q, a, 100); }});
}

TEST_F(QueueStep, get_loan) {
  kill_everywhere("get_loan", {.prepare = [](Queues& q, Account& a) { put_loan(q, a, 100); },
                               .operation = [](Queues& q, Account& a) { a.got(q.vectors.get_loan().items()[0]); },
                               .may_be_lost = 1});
}

TEST_F(QueueStep, put_many_and_get_many) {
  kill_everywhere("put_many and get_many", {.prepare = put_three,
                                            .operation =
                                                [](Queues& q, Account& a) {
                                                  std::vector<Cell> cells;
                                                  for (int i = 0; i < 5; ++i) cells.push_back(Cell::of(a.begin()));
                                                  q.cells.put_many(cells);
                                                  for (auto& cell : cells) a.done(cell.id());
                                                  for (auto& cell : q.cells.get_many(4)) a.got(cell.id());
                                                },
                                            .may_be_lost = 4});
}

TEST_F(QueueStep, put_with_redelivery) {
  kill_everywhere("put with redelivery", {.operation = [](Queues& q, Account& a) { put_text(q.jobs, a, 10); }});
}

TEST_F(QueueStep, get_and_task_done_with_redelivery) {
  kill_everywhere("get and task_done with redelivery", {.prepare =
                                                            [](Queues& q, Account& a) {
                                                              put_text(q.jobs, a, 10);
                                                              put_text(q.jobs, a, 20000);
                                                            },
                                                        .operation =
                                                            [](Queues& q, Account& a) {
                                                              auto text = q.jobs.get();
                                                              a.got(id_of(text));
                                                              q.jobs.task_done();
                                                            },
                                                        .may_be_lost = 0,
                                                        .may_come_twice = true,
                                                        .seconds = 1});
}

// A consumer sleeps; a producer is killed at every instruction of the put that would wake it.
TEST_F(QueueStep, put_while_a_consumer_sleeps) {
  long kills = 0, late = 0;
  double worst = 0;
  long stride = 1;
  auto begin = std::chrono::steady_clock::now();
  bool killed = true;
  for (long at = 1; killed; at += stride) {
    SCOPED_TRACE("killed after " + std::to_string(at) + " instructions");
    Queue<Cell> q;
    Queue<Cell> answers;
    pid_t sleeper = fork_child([&] {
      (void)Family::instance().self();
      answers.put(Cell::of(1));
      if (auto cell = q.try_get_for(600ms)) answers.put(*cell);
    });
    (void)answers.get();
    // It is asleep once it has said so.
    auto* body = static_cast<channel::RingBody*>(q.shared_body());
    while (body->in.waiters.load() == 0) std::this_thread::yield();
    killed = kill_after(
        at,
        [&] {
          Queue<Cell> own;
          own.put(Cell::of(1));
          (void)own.get();
        },
        [&] { q.put(Cell::of(9)); });
    auto start = std::chrono::steady_clock::now();
    bool put = !q.empty() || body->in.position.load() != 0;
    if (put) {
      auto cell = answers.try_get_for(500ms);
      ASSERT_TRUE(cell) << "the sleeper never woke";
      EXPECT_EQ(cell->id(), 9u);
      double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
      worst = std::max(worst, ms);
      if (ms > 50) ++late;
    } else {
      ::kill(sleeper, SIGKILL);
    }
    shm::testing::wait_for(sleeper);
    ++kills;
    double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (spent > 4) stride = 7;
    if (spent > 8) stride = 61;
  }
  family.sweep();
  std::printf("put with a sleeper: %ld kills, %ld woken late, the last after %.1f ms\n", kills, late, worst);
  EXPECT_GT(kills, 20);
}

// One dies in the middle; the next one takes over, and dies at each instruction of that in turn.
TEST_F(QueueStep, the_repairer) {
  struct Corpse {
    const char* name;
    std::function<void(Queues&, Account&)> prepare, operation;
    std::uint64_t may_be_lost;
  };
  const Corpse corpses[] = {
      {"growth", fill_segment, [](Queues& q, Account& a) { put_cell(q.cells, a); }, 0},
      // In a block, as large items are; but few bytes, as a copy is stepped through byte by byte.
      {"a put in a block", [](Queues&, Account&) {}, [](Queues& q, Account& a) { put_loan(q, a, 10); }, 0},
      {"a get in a block", [](Queues& q, Account& a) { put_loan(q, a, 10); },
       [](Queues& q, Account& a) { a.got(q.vectors.get_loan().items()[0]); }, 2},
  };
  for (const Corpse& corpse : corpses) {
    // Where the corpse holds a lock, and is in the middle of something.
    std::vector<long> middles;
    auto own = [] {
      Queue<Cell> warm;
      warm.put(Cell::of(1));
      (void)warm.get();
    };
    for (long at = 1;; at += 7) {
      account.clear();
      Queues queues;
      corpse.prepare(queues, account);
      bool killed = kill_after(at, own, [&] { corpse.operation(queues, account); });
      bool held = false;
      for (auto* handle : {static_cast<SharedHandle*>(&queues.cells), static_cast<SharedHandle*>(&queues.vectors)}) {
        auto* ring = static_cast<channel::RingBody*>(handle->shared_body());
        for (auto* side : {&ring->in, &ring->out})
          held = held || (side->lock != 0 && (side->changing != 0 || side->moving != 0));
      }
      if (held) middles.push_back(at);
      family.sweep();
      if (!killed) break;
    }
    ASSERT_FALSE(middles.empty()) << corpse.name;
    long kills = 0;
    auto start = std::chrono::steady_clock::now();
    for (std::size_t m = 0; m < middles.size(); m += std::max<std::size_t>(1, middles.size() / 3)) {
      bool killed = true;
      for (long at = 1; killed && std::chrono::steady_clock::now() - start < 4s; at += 11) {
        SCOPED_TRACE(std::string(corpse.name) + " killed after " + std::to_string(middles[m]) +
                     ", its repairer after " + std::to_string(at) + " instructions");
        account.clear();
        {
          Queues queues;
          corpse.prepare(queues, account);
          (void)kill_after(middles[m], own, [&] { corpse.operation(queues, account); });
          killed = kill_after(at, own, [&] {
            (void)queues.cells.try_put(Cell::of(account.begin()));
            if (auto cell = queues.cells.try_get()) account.got(cell->id());
            put_loan(queues, account, 5);
            account.got(queues.vectors.get_loan().items()[0]);
          });
          ++kills;
          drain(queues, account);
          account.expect_balanced(corpse.may_be_lost + 2);
        }
        family.sweep();
        ASSERT_STREQ(family.validate(), nullptr);
        ASSERT_EQ(Balance::of(family), before);
        if (::testing::Test::HasFailure()) return;
      }
    }
    std::printf("repair of %s: %zu places, %ld kills\n", corpse.name, middles.size(), kills);
  }
}

}  // namespace
}  // namespace cohort::testing
