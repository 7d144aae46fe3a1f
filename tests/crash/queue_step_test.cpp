// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of what it does with a queue, and asserts that the others go on, that
// nothing is lost but the victim's own, and that no byte of the family memory is.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "crash/queue_support.hpp"
#include "crash/single_step.hpp"
#include "object/handle_access.hpp"
#include "ring/layout.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using family::Family;
using family::testing::Balance;
using family::testing::fork_child;

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
    double seconds = 1;  ///< as Steps takes it
  };

  void one(const Case& c, Steps& steps) {
    account.clear();
    {
      Queues queues;
      c.prepare(queues, account);
      steps.kill(
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

  void kill_everywhere(const char* name, const Case& c) {
    Steps steps(name, c.seconds);
    while (steps.go_on()) {
      SCOPED_TRACE(steps.place());
      one(c, steps);
    }
    EXPECT_GT(steps.kills(), 20);
    std::printf("%llu lost\n", static_cast<unsigned long long>(account.lost()));
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

TEST_F(QueueStep, get_where_the_ring_begins_again) {
  kill_everywhere("get at the wrap", {.prepare =
                                          [](Queues& q, Account& a) {
                                            for (int i = 0; i < 908; ++i) {
                                              put_cell(q.cells, a);
                                              a.got(q.cells.get().id());
                                            }
                                            put_three(q, a);
                                          },
                                      .operation =
                                          [](Queues& q, Account& a) {
                                            for (int i = 0; i < 2; ++i) a.got(q.cells.get().id());
                                          },
                                      .may_be_lost = 1});
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

// Large texts fill a segment of 1 MiB soon; few small ones fill what is left. Producers are about to leave the third
// segment, and the second is empty: the get frees it, and the put takes the same memory again.
struct Recycled {
  static void prepare(Queues& q, Account& a) {
    auto* ring = static_cast<ring::RingBody*>(detail::HandleAccess::body(q.texts));
    auto segment = [&] { return ring->in.segment.load(); };
    auto fill = [&](std::uint64_t left) {
      put_text(q.texts, a, 10);
      for (auto here = segment(); room(*ring) > left && segment() == here;)
        put_text(q.texts, a, room(*ring) > 9000 ? 8000 : 10);
    };
    for (int i = 0; i < 2; ++i) {
      fill(64);
      for (auto here = segment(); segment() == here;) put_text(q.texts, a, 10);
    }
    fill(64);
    auto* old = Family::instance().at<ring::Segment>(ring->out.segment.load());
    // The first segment and the second to their ends.
    for (auto text = q.texts.get();; text = q.texts.get()) {
      a.got(id_of(text));
      auto* here = Family::instance().at<ring::Segment>(ring->out.segment.load());
      bool at_end = here->end.load() == (ring::kLeft | ring::units_of(ring->out.position.load()));
      if (here != old && at_end) break;
    }
  }
  // Bytes from where producers are to the end of their segment.
  static std::uint64_t room(const ring::RingBody& ring) {
    auto* here = Family::instance().at<ring::Segment>(ring.in.segment.load());
    std::uint64_t used = ring::units_between(here->start.load(), ring.in.position.load());
    return (here->units.load() - used) * ring::kUnit;
  }
};

TEST_F(QueueStep, put_that_takes_a_segment_which_a_get_has_freed) {
  auto operation = [](Queues& q, Account& a) {
    a.got(id_of(q.texts.get()));
    // The first ones fill what is left, and what the get made room for.
    for (int i = 0; i < 4; ++i) put_text(q.texts, a, 10);
  };
  {
    Queues queues;
    Recycled::prepare(queues, account);
    auto* ring = static_cast<ring::RingBody*>(detail::HandleAccess::body(queues.texts));
    auto freed = ring->out.segment.load();
    ASSERT_NE(freed, ring->in.segment.load());
    operation(queues, account);
    EXPECT_EQ(ring->in.segment.load(), freed) << "the segment was not used again";
  }
  kill_everywhere("get that frees a segment, put that takes it",
                  {.prepare = Recycled::prepare, .operation = operation, .may_be_lost = 1, .seconds = 0.7});
}

TEST_F(QueueStep, put_on_a_full_queue) {
  kill_everywhere(
      "put on a full queue, until a deadline",
      {.prepare =
           [](Queues& q, Account& a) {
             for (int i = 0; i < 4; ++i) put_cell(q.bounded, a);
           },
       .operation = [](Queues& q, Account&) { (void)q.bounded.try_put(Cell::of(Account::kItems - 1), 1ms); },
       .seconds = 0.7});
}

TEST_F(QueueStep, put_that_makes_a_queue_full) {
  kill_everywhere(
      "put that makes a queue full",
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

// One dies in the middle; the next one takes over, and dies at each instruction of that in turn.
class QueueRepairStep : public QueueStep {
 protected:
  struct Corpse {
    const char* name;
    std::function<void(Queues&, Account&)> prepare, operation;
    /// What takes the lock over, on the way to its own.
    std::function<void(Queues&, Account&)> repair;
    std::uint64_t may_be_lost;
  };

  static void warm() {
    Queue<Cell> own;
    own.put(Cell::of(1));
    (void)own.get();
  }

  // What others find after a death here; empty where there is nothing to repair.
  static std::string left_behind(const Queues& queues) {
    std::string state;
    for (const auto* handle :
         {static_cast<const SharedHandle*>(&queues.cells), static_cast<const SharedHandle*>(&queues.vectors)}) {
      auto* ring = static_cast<ring::RingBody*>(detail::HandleAccess::body(*handle));
      for (auto* side : {&ring->in, &ring->out}) {
        auto owner = [](std::uint64_t block) {
          return block == 0 ? '-' : Family::instance().owner(block) == family::kNobody ? 'n' : 'm';
        };
        if (side->lock == 0 || (side->segment_pending == 0 && side->block_in_transit == 0)) continue;
        state += handle == &queues.cells ? 'c' : 'v';
        state += side == &ring->in ? 'i' : 'o';
        state += owner(side->segment_pending);
        state += side->segment_pending == side->segment ? '=' : '/';
        state += owner(side->block_in_transit);
        state += side->position_before == side->position ? '=' : '/';
      }
    }
    return state;
  }

  struct Place {
    std::string state;
    Trail::Mark mark;
  };

  // One place for each state that a death may leave, and the way there.
  std::vector<Place> places(const Corpse& corpse) {
    std::vector<Place> found;
    Trail trail;
    account.clear();
    Queues queues;
    corpse.prepare(queues, account);
    Stepped victim(warm, [&] { corpse.operation(queues, account); });
    trail.add(victim.address());
    while (victim.step(1)) {
      trail.add(victim.address());
      std::string state = left_behind(queues);
      auto same = [&](const Place& place) { return place.state == state; };
      if (state.empty() || std::any_of(found.begin(), found.end(), same)) continue;
      found.push_back({state, trail.last()});
    }
    return found;
  }

  // Dies where it leaves that state.
  static void die_at(const Place& place, Stepped& victim, const Queues& queues) {
    bool there = kHasBreakpoints && victim.run_to(place.mark.address, place.mark.pass);
    while (left_behind(queues) != place.state && victim.step(1)) {}
    EXPECT_EQ(left_behind(queues), place.state) << (there ? "" : "the operation took another way");
    victim.kill();
  }

  // For each of the places, kills the repairer everywhere.
  void kill_the_repairer(const Corpse& corpse) {
    auto all = places(corpse);
    family.sweep();
    ASSERT_GE(all.size(), 3u) << corpse.name;
    for (const Place& place : all) {
      Steps steps(std::string("repair of ") + corpse.name + ", " + place.state, 0.08);
      while (steps.go_on()) {
        SCOPED_TRACE(steps.place());
        account.clear();
        {
          Queues queues;
          corpse.prepare(queues, account);
          Stepped victim(warm, [&] { corpse.operation(queues, account); });
          die_at(place, victim, queues);
          steps.kill(warm, [&] { corpse.repair(queues, account); });
          drain(queues, account);
          account.expect_balanced(corpse.may_be_lost);
        }
        family.sweep();
        ASSERT_STREQ(family.validate(), nullptr);
        ASSERT_EQ(Balance::of(family), before);
      }
    }
  }
};

// In a block, as large items are; but few bytes, as a copy is stepped through byte by byte.
void put_small_loan(Queues& q, Account& a) { put_loan(q, a, 10); }
void get_small_loan(Queues& q, Account& a) { a.got(q.vectors.get_loan().items()[0]); }

TEST_F(QueueRepairStep, of_a_put_that_grows) {
  auto put = [](Queues& q, Account& a) { put_cell(q.cells, a); };
  kill_the_repairer({"a put that grows", fill_segment, put, put, 0});
}

TEST_F(QueueRepairStep, of_a_get_that_shrinks) {
  auto prepare = [](Queues& q, Account& a) {
    fill_segment(q, a);
    put_three(q, a);
    for (int i = 0; i < 909; ++i) a.got(q.cells.get().id());
  };
  auto get = [](Queues& q, Account& a) { a.got(q.cells.get().id()); };
  kill_the_repairer({"a get that shrinks", prepare, get, get, 2});
}

TEST_F(QueueRepairStep, of_a_put_in_a_block) {
  kill_the_repairer({"a put in a block", [](Queues&, Account&) {}, put_small_loan, put_small_loan, 0});
}

TEST_F(QueueRepairStep, of_a_get_in_a_block) {
  auto prepare = [](Queues& q, Account& a) { put_small_loan(q, a), put_small_loan(q, a); };
  kill_the_repairer({"a get in a block", prepare, get_small_loan, get_small_loan, 2});
}

// Somebody sleeps on the other side; the victim is killed at every instruction of what would wake it.
class QueueSleepStep : public QueueStep {
 protected:
  struct Case {
    const char* name;
    std::size_t bound = 0;
    bool producer_sleeps = false;                 ///< on the full queue; else a consumer, on the empty one
    std::function<void(Queue<Cell>&)> operation;  ///< the victim's
    std::function<void(Queue<Cell>&)> after = [](Queue<Cell>&) {};  ///< ours, after the death
    bool always_wakes = false;                                      ///< else only when the operation took effect
    std::function<void(Queue<Cell>&)> meanwhile = {};               ///< another process's, beside the operation
  };

  // Says on `answers` that it begins, and that it got what it slept for.
  static void sleep_on(const Case& c, Queue<Cell>& q, Queue<Cell>& answers) {
    (void)Family::instance().self();
    answers.put(Cell::of(1));
    bool had = c.producer_sleeps ? q.try_put(Cell::of(8), 900ms) : q.try_get(900ms).has_value();
    if (had) answers.put(Cell::of(2));
  }

  void kill_everywhere(const Case& c) {
    long late = 0;
    double worst = 0;
    Steps steps(c.name, 1);
    while (steps.go_on()) {
      SCOPED_TRACE(steps.place());
      {
        Queue<Cell> q(c.bound), answers;
        for (std::size_t i = 0; c.producer_sleeps && i < c.bound; ++i) q.put(Cell::of(7));
        auto* body = static_cast<ring::RingBody*>(detail::HandleAccess::body(q));
        auto& side = c.producer_sleeps ? body->out : body->in;
        auto position = side.position.load();
        pid_t sleeper = fork_child([&] { sleep_on(c, q, answers); });
        (void)answers.get();
        while (side.waiters.load() == 0) std::this_thread::yield();  // it is asleep once it has said so
        pid_t beside = c.meanwhile ? fork_child([&] { c.meanwhile(q); }) : 0;
        auto warm = [] {
          Queue<Cell> own;
          own.put(Cell::of(1));
          (void)own.get();
        };
        steps.kill(warm, [&] { c.operation(q); });
        if (beside != 0) family::testing::wait_for(beside);
        auto start = std::chrono::steady_clock::now();
        c.after(q);
        if (c.always_wakes || side.position.load() != position) {
          auto answer = answers.try_get(700ms);
          EXPECT_TRUE(answer) << "the sleeper never woke";
          double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
          worst = std::max(worst, ms);
          if (ms > 50) ++late;
        } else {
          ::kill(sleeper, SIGKILL);
        }
        family::testing::wait_for(sleeper);
      }
      family.sweep();
      EXPECT_STREQ(family.validate(), nullptr);
      EXPECT_EQ(Balance::of(family), before);
    }
    EXPECT_GT(steps.kills(), 20);
    std::printf("%ld woken late, the last after %.1f ms\n", late, worst);
  }
};

TEST_F(QueueSleepStep, put_while_a_consumer_sleeps) {
  kill_everywhere({.name = "put, a consumer asleep", .operation = [](Queue<Cell>& q) { q.put(Cell::of(9)); }});
}

TEST_F(QueueSleepStep, get_while_a_producer_sleeps) {
  kill_everywhere({.name = "get, a producer asleep on the full queue",
                   .bound = 2,
                   .producer_sleeps = true,
                   .operation = [](Queue<Cell>& q) { (void)q.get(); }});
}

// The victim sleeps as well and gives up, or dies before: the other one gets what comes then.
TEST_F(QueueSleepStep, get_that_gives_up_beside_another) {
  kill_everywhere({.name = "get until a deadline, another asleep",
                   .operation = [](Queue<Cell>& q) { (void)q.try_get(2ms); },
                   .after = [](Queue<Cell>& q) { q.put(Cell::of(9)); },
                   .always_wakes = true});
}

TEST_F(QueueSleepStep, put_that_gives_up_beside_another) {
  kill_everywhere({.name = "put until a deadline, another asleep on the full queue",
                   .bound = 2,
                   .producer_sleeps = true,
                   .operation = [](Queue<Cell>& q) { (void)q.try_put(Cell::of(9), 2ms); },
                   .after = [](Queue<Cell>& q) { (void)q.get(); },
                   .always_wakes = true});
}

// Two sleep and two items come. The victim may be the one that is woken, and must pass it on: or die, and somebody
// notices.
TEST_F(QueueSleepStep, get_that_is_woken_beside_another) {
  kill_everywhere({.name = "get that sleeps and is woken, another asleep",
                   .operation = [](Queue<Cell>& q) { (void)q.try_get(20ms); },
                   .always_wakes = true,
                   .meanwhile =
                       [](Queue<Cell>& q) {
                         std::this_thread::sleep_for(1ms);
                         q.put(Cell::of(8));
                         q.put(Cell::of(9));
                       }});
}

}  // namespace
}  // namespace cohort::testing
