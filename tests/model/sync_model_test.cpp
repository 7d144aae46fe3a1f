// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Locks, semaphores, events, conditions, barriers and the shared mutex over the explorer's memory: who must be alone
// is, no wake-up is lost, deaths are survived; and planted faults are found. The sources of the library itself are
// compiled here, with std::atomic replaced by the explorer's words.
#include "model/replaced.hpp"
//
#include "model/exploring.hpp"
//
#include "../../src/park/wait_word.cpp"
#include "../../src/sync/barrier_core.cpp"
#include "../../src/sync/condition_core.cpp"
#include "../../src/sync/event_core.cpp"
#include "../../src/sync/lock_core.cpp"
#include "../../src/sync/owned_semaphore_core.cpp"
#include "../../src/sync/semaphore_core.cpp"
#include "../../src/sync/shared_mutex_core.cpp"

namespace cohort::sync {
namespace {

using model::expect_clean;
using model::explore_with;
using model::Fault;
using model::Outcome;
using model::World;

constexpr model::Options kMany{.executions = 8'000};
// As many, and with the trace of a lost wake-up.
constexpr model::Options kClean{.executions = 8'000, .healing_is_fault = true};

// ---- Lock -----------------------------------------------------------------------------------------------------------

struct Guarded {
  LockBody lock;
  model::Plain<int> count{0};
};

Outcome fight(Fault fault, const model::Options& options, std::size_t threads, int rounds) {
  return explore_with(fault, options, [=](World& world) {
    auto state = std::make_shared<Guarded>();
    for (std::size_t i = 0; i < threads; ++i)
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        for (int round = 0; round < rounds; ++round) {
          world.expect(LockCore::acquire(state->lock, self, Deadline::never()) == Acquired::yes, "not taken");
          state->count.write(state->count.read() + 1);
          LockCore::release(state->lock, self);
        }
      });
    world.at_end([=, &world] {
      if (world.anybody_died()) return;
      world.expect(state->count.peek() == static_cast<int>(threads) * rounds, "an increment was lost");
      world.expect(LockCore::owner(state->lock) == kFree, "the lock is still held");
    });
  });
}

TEST(LockModel, excludes_and_loses_no_wake_up) {
  expect_clean(fight(Fault::none, kClean, 2, 2));
  expect_clean(fight(Fault::none, kClean, 3, 2));
}

TEST(LockModel, goes_on_after_deaths_anywhere) {
  for (int deaths : {1, 2}) {
    auto outcome = fight(Fault::none, {.executions = 20'000, .deaths = deaths}, 3, 2);
    EXPECT_EQ(outcome.fault, "") << outcome.trace;
    EXPECT_GT(outcome.killed, 1000);
  }
}

Outcome tell_of_deaths(Fault fault) {
  return explore_with(fault, {.executions = 20'000, .deaths = 1}, [](World& world) {
    struct State {
      LockBody lock;
      int inside = 0;
    };
    auto state = std::make_shared<State>();
    for (int i = 0; i < 2; ++i)
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        (void)LockCore::acquire(state->lock, self, Deadline::never());
        bool told = state->lock.died.load(std::memory_order_relaxed) != 0;
        world.expect(state->inside == 0 || told, "the last owner died inside and nobody said so");
        state->inside = 1;
        world.pause();
        state->inside = 0;
        LockCore::release(state->lock, self);
      });
  });
}

TEST(LockModel, the_next_owner_after_a_death_is_told) {
  auto outcome = tell_of_deaths(Fault::none);
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
}

TEST(LockModel, each_planted_fault_is_found) {
  EXPECT_NE(fight(Fault::weak_acquire, kMany, 2, 2).fault, "");
  EXPECT_NE(fight(Fault::weak_release, kMany, 2, 2).fault, "");
  EXPECT_GT(fight(Fault::no_wake, kMany, 2, 2).healed, 0);
  EXPECT_GT(fight(Fault::no_heavy_fence, kMany, 2, 2).healed, 0);
}

// ---- Semaphore ------------------------------------------------------------------------------------------------------

Outcome pass_permits(Fault fault, const model::Options& options) {
  return explore_with(fault, options, [](World& world) {
    struct State {
      SemaphoreBody semaphore;
      int inside = 0;
    };
    auto state = std::make_shared<State>();
    state->semaphore.value.store(2, std::memory_order_relaxed);
    state->semaphore.most.store(kMostPermits, std::memory_order_relaxed);
    for (int i = 0; i < 4; ++i)
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        (void)SemaphoreCore::acquire(state->semaphore, Deadline::never());
        world.expect(++state->inside <= 2, "more inside than there are permits");
        world.pause();
        --state->inside;
        (void)SemaphoreCore::release(state->semaphore, self);
      });
    world.at_end([=, &world] { world.expect(state->semaphore.value.peek() == 2, "a permit was lost"); });
  });
}

TEST(SemaphoreModel, lets_in_as_many_as_it_has_permits_and_loses_none) {
  expect_clean(pass_permits(Fault::none, kClean));
  EXPECT_GT(pass_permits(Fault::no_wake, kMany).healed, 0);
  EXPECT_GT(pass_permits(Fault::no_heavy_fence, kMany).healed, 0);
}

// Permits come in several releases while others have announced themselves and not slept yet: none is left beside a
// sleeper.
TEST(SemaphoreModel, leaves_no_permit_beside_a_sleeper) {
  expect_clean(explore_with(Fault::none, {.executions = 20'000, .healing_is_fault = true}, [](World& world) {
    auto semaphore = std::make_shared<SemaphoreBody>();
    semaphore->most.store(kMostPermits, std::memory_order_relaxed);
    for (int i = 0; i < 3; ++i) world.thread([=] { (void)SemaphoreCore::acquire(*semaphore, Deadline::never()); });
    world.thread([=] {
      (void)SemaphoreCore::release(*semaphore, this_thread(), 1);
      (void)SemaphoreCore::release(*semaphore, this_thread(), 2);
    });
    world.at_end([=, &world] { world.expect(semaphore->value.peek() == 0, "a permit was left"); });
  }));
}

// ---- Semaphore whose permits have owners ----------------------------------------------------------------------------

struct OwnedPermits {
  SemaphoreBody body;
  std::atomic<std::uint64_t> owners[2];  // what lies behind the body
};
static_assert(offsetof(OwnedPermits, owners) == sizeof(SemaphoreBody));

using Owned = OwnedSemaphoreCore;

// Threads, each a process, that take one of `permits` and give it back, a few times.
Outcome pass_owned_permits(Fault fault, const model::Options& options, std::uint32_t permits, std::size_t threads,
                           int rounds) {
  return explore_with(fault, options, [=](World& world) {
    struct State {
      OwnedPermits semaphore;
      model::Plain<int> data{0};
      std::vector<bool> inside = std::vector<bool>(model::kMostThreads);
    };
    auto state = std::make_shared<State>();
    state->semaphore.body.places.store(permits, std::memory_order_relaxed);
    for (std::size_t i = 0; i < threads; ++i)
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        auto& body = state->semaphore.body;
        for (int round = 0; round < rounds; ++round) {
          world.expect(Owned::acquire(body, self, Deadline::never()) == Acquired::yes, "not taken");
          std::size_t living = 0;
          bool died = false;
          for (std::size_t other = 0; other < threads; ++other) {
            bool in = state->inside[other];
            if (in && world.dead(other)) died = true;
            if (in && !world.dead(other)) ++living;
          }
          world.expect(living < permits, "more inside than there are permits");
          if (permits == 1) {
            world.expect(!died || body.died.load(std::memory_order_relaxed) != 0,
                         "the last owner died and nobody said so");
            state->data.write(state->data.read() + 1);
          }
          state->inside[i] = true;
          world.pause();
          state->inside[i] = false;
          world.expect(Owned::release(body, self), "not released");
        }
      });
    world.at_end([=, &world] {
      if (!world.anybody_died())
        for (const auto& owner : {&state->semaphore.owners[0], &state->semaphore.owners[permits - 1]})
          world.expect(owner->peek() == 0, "a permit was lost");
    });
  });
}

TEST(OwnedSemaphoreModel, lets_in_as_many_as_it_has_permits_and_loses_none) {
  expect_clean(pass_owned_permits(Fault::none, kClean, 1, 2, 2));
  expect_clean(pass_owned_permits(Fault::none, kClean, 2, 4, 1));
  expect_clean(pass_owned_permits(Fault::none, kClean, 2, 3, 2));
}

TEST(OwnedSemaphoreModel, goes_on_after_deaths_anywhere_and_tells_the_next) {
  for (int deaths : {1, 2}) {
    for (std::uint32_t permits : {1U, 2U}) {
      auto outcome = pass_owned_permits(Fault::none, {.executions = 6'000, .deaths = deaths}, permits, 3, 2);
      EXPECT_EQ(outcome.fault, "") << outcome.trace;
      EXPECT_GT(outcome.killed, 500);
    }
  }
}

// A repairer gives the dead one's permits back while others wait for them, and may die, too.
TEST(OwnedSemaphoreModel, a_repair_loses_no_permit_whoever_dies) {
  // One of two repairers remains: nobody else here knows of that death.
  for (int deaths : {0, 1}) {
    auto outcome = explore_with(Fault::none, {.executions = 10'000, .deaths = deaths}, [](World& world) {
      auto state = std::make_shared<OwnedPermits>();
      state->body.places.store(2, std::memory_order_relaxed);
      constexpr std::uint64_t kDead = 0xff;  // nobody who runs here; a repairer has been told of its death
      for (auto& owner : state->owners) owner.store(kDead, std::memory_order_relaxed);
      world.thread([=] { (void)Owned::release_dead(state->body, this_thread(), kDead); });
      world.thread([=] { (void)Owned::release_dead(state->body, this_thread(), kDead); });
      for (int i = 0; i < 2; ++i)
        world.thread([=, &world] {
          (void)Owned::acquire(state->body, this_thread(), Deadline::never());
          world.expect(state->body.died.load(std::memory_order_relaxed) != 0, "nobody said that an owner died");
        });
    });
    EXPECT_EQ(outcome.fault, "") << outcome.trace;
  }
}

TEST(OwnedSemaphoreModel, each_planted_fault_is_found) {
  EXPECT_NE(pass_owned_permits(Fault::weak_acquire, kMany, 1, 2, 2).fault, "");
  EXPECT_NE(pass_owned_permits(Fault::weak_release, kMany, 1, 2, 2).fault, "");
  EXPECT_GT(pass_owned_permits(Fault::no_wake, kMany, 1, 2, 2).healed, 0);
  EXPECT_GT(pass_owned_permits(Fault::no_heavy_fence, kMany, 1, 2, 2).healed, 0);
}

// ---- Event ----------------------------------------------------------------------------------------------------------

Outcome signal(Fault fault, const model::Options& options) {
  return explore_with(fault, options, [](World& world) {
    struct State {
      EventBody event;
      model::Plain<int> data{0};
    };
    auto state = std::make_shared<State>();
    for (int i = 0; i < 2; ++i)
      world.thread([=, &world] {
        if (EventCore::wait(state->event, Deadline::never()) == Acquired::yes)
          world.expect(state->data.read() == 42, "the event came before what it tells of");
      });
    world.thread([=] {
      state->data.write(42);
      EventCore::set(state->event, this_thread());
    });
  });
}

TEST(EventModel, wakes_all_and_carries_what_was_done_before) {
  expect_clean(signal(Fault::none, kClean));
  EXPECT_GT(signal(Fault::no_wake, kMany).healed, 0);
  EXPECT_GT(signal(Fault::no_heavy_fence, kMany).healed, 0);
}

// ---- Condition ------------------------------------------------------------------------------------------------------

// Consumers wait for tokens under a lock, a producer makes them one by one.
Outcome hand_tokens(Fault fault, const model::Options& options) {
  return explore_with(fault, options, [](World& world) {
    struct State {
      ConditionBody condition;
      model::Plain<int> tokens{0};
    };
    auto state = std::make_shared<State>();
    auto grow = [](std::atomic<std::uint64_t>&, std::size_t) {};
    for (int i = 0; i < 2; ++i)
      world.thread([=] {
        ThreadSelf& self = this_thread();
        LockBody& lock = state->condition.own_lock;
        ConditionCore core(state->condition, lock);
        (void)LockCore::acquire(lock, self, Deadline::never());
        while (state->tokens.read() == 0) (void)core.wait(self, Deadline::never(), grow);
        state->tokens.write(state->tokens.read() - 1);
        LockCore::release(lock, self);
      });
    world.thread([=] {
      ThreadSelf& self = this_thread();
      LockBody& lock = state->condition.own_lock;
      ConditionCore core(state->condition, lock);
      for (int i = 0; i < 2; ++i) {
        (void)LockCore::acquire(lock, self, Deadline::never());
        state->tokens.write(state->tokens.read() + 1);
        (void)core.notify(self, 1);
        LockCore::release(lock, self);
      }
    });
    world.at_end([=, &world] {
      if (!world.anybody_died()) world.expect(state->tokens.peek() == 0, "a token was lost");
    });
  });
}

TEST(ConditionModel, notifies_one_for_one_and_loses_no_wake_up) {
  expect_clean(hand_tokens(Fault::none, kClean));
  EXPECT_GT(hand_tokens(Fault::no_wake, kMany).healed, 0);
  EXPECT_GT(hand_tokens(Fault::no_heavy_fence, kMany).healed, 0);
}

// A consumer that dies after it was notified must not take the token's only wake-up with it. Three consumers, two
// tokens.
TEST(ConditionModel, a_death_takes_no_wake_up_with_it) {
  auto outcome = explore_with(Fault::none, {.executions = 20'000, .deaths = 1}, [](World& world) {
    struct State {
      ConditionBody condition;
      int tokens = 0;
      int taken = 0;
      bool producer_done = false;
    };
    auto state = std::make_shared<State>();
    auto grow = [](std::atomic<std::uint64_t>&, std::size_t) {};
    for (int i = 0; i < 2; ++i)
      world.thread([=] {
        ThreadSelf& self = this_thread();
        LockBody& lock = state->condition.own_lock;
        ConditionCore core(state->condition, lock);
        (void)LockCore::acquire(lock, self, Deadline::never());
        // The last bounded wait ends the test's own waiting when the producer is dead.
        for (int waits = 0; state->tokens == 0 && waits < 4; ++waits) (void)core.wait(self, Deadline::never(), grow);
        if (state->tokens > 0) {
          --state->tokens;
          ++state->taken;
        }
        LockCore::release(lock, self);
      });
    world.thread([=] {
      ThreadSelf& self = this_thread();
      LockBody& lock = state->condition.own_lock;
      ConditionCore core(state->condition, lock);
      (void)LockCore::acquire(lock, self, Deadline::never());
      state->tokens = 2;
      (void)core.notify(self, 1);
      (void)core.notify(self, 1);
      LockCore::release(lock, self);
      state->producer_done = true;
    });
    world.at_end([=, &world] {
      if (world.dead(2) || !state->producer_done) return;
      world.expect(state->taken >= 1, "a living consumer never woke");
    });
  });
  // With the producer dead nobody notifies: sleeping on is right then.
  if (outcome.fault != "threads sleep for ever") { EXPECT_EQ(outcome.fault, "") << outcome.trace; }
}

// ---- Barrier --------------------------------------------------------------------------------------------------------

struct Meeting {
  BarrierBody barrier;
  std::atomic<std::uint64_t> inside[4];  // what lies behind the body
};
static_assert(sizeof(Meeting) >= sizeof(BarrierBody) + 4 * sizeof(std::uint64_t));

Outcome meet(Fault fault, const model::Options& options, std::uint32_t parties, int rounds) {
  return explore_with(fault, options, [=](World& world) {
    struct State {
      Meeting meeting;
      std::vector<int> arrived;
      std::vector<int> leaders;
    };
    auto state = std::make_shared<State>();
    state->meeting.barrier.parties.store(parties, std::memory_order_relaxed);
    state->meeting.barrier.timeout.store(-1, std::memory_order_relaxed);
    state->arrived.assign(static_cast<std::size_t>(rounds), 0);
    state->leaders.assign(static_cast<std::size_t>(rounds), 0);
    for (std::uint32_t i = 0; i < parties; ++i)
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        BarrierCore core(state->meeting.barrier);
        for (int round = 0; round < rounds; ++round) {
          ++state->arrived[static_cast<std::size_t>(round)];
          auto outcome = core.wait(self, Deadline::never(), nullptr);
          if (!outcome.passed) {
            world.expect(world.anybody_died(), "broken although nobody died");
            return;
          }
          world.expect(state->arrived[static_cast<std::size_t>(round)] == static_cast<int>(parties),
                       "passed before all had come");
          if (outcome.index == 0) ++state->leaders[static_cast<std::size_t>(round)];
        }
      });
    world.at_end([=, &world] {
      if (world.anybody_died()) return;
      for (int leaders : state->leaders) world.expect(leaders == 1, "not exactly one had index 0");
    });
  });
}

TEST(BarrierModel, lets_nobody_pass_before_all_have_come) {
  expect_clean(meet(Fault::none, kClean, 2, 2));
  expect_clean(meet(Fault::none, {.executions = 10'000, .healing_is_fault = true}, 3, 2));
  EXPECT_GT(meet(Fault::no_wake, kMany, 2, 2).healed, 0);
}

TEST(BarrierModel, breaks_for_all_when_one_dies) {
  auto outcome = meet(Fault::none, {.executions = 20'000, .deaths = 1}, 3, 2);
  // A party that died before it came is nobody whom the others could know.
  if (outcome.fault != "threads sleep for ever") { EXPECT_EQ(outcome.fault, "") << outcome.trace; }
  EXPECT_GT(outcome.killed, 0);
}

// ---- SharedMutex ----------------------------------------------------------------------------------------------------

Outcome read_and_write(Fault fault, const model::Options& options) {
  return explore_with(fault, options, [](World& world) {
    struct State {
      SharedMutexBody mutex;
      int readers = 0;
      int writers = 0;
    };
    auto state = std::make_shared<State>();
    for (int i = 0; i < 2; ++i) {
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        SharedMutexCore core(state->mutex);
        (void)core.acquire_shared(self, Deadline::never());
        ++state->readers;
        world.expect(state->writers == 0 || world.anybody_died(), "a reader beside a writer");
        world.pause();
        --state->readers;
        (void)core.release_shared(self);
      });
      world.thread([=, &world] {
        ThreadSelf& self = this_thread();
        SharedMutexCore core(state->mutex);
        (void)core.acquire(self, Deadline::never());
        ++state->writers;
        world.expect((state->writers == 1 && state->readers == 0) || world.anybody_died(), "a writer is not alone");
        world.pause();
        --state->writers;
        core.release(self);
      });
    }
  });
}

TEST(SharedMutexModel, keeps_writers_alone_and_loses_no_wake_up) {
  // Looking at all 256 places takes many operations.
  model::Options options{.executions = 2'000, .most_operations = 100'000};
  expect_clean(read_and_write(Fault::none, options));
  EXPECT_GT(read_and_write(Fault::no_wake, options).healed, 0);
}

TEST(SharedMutexModel, goes_on_after_deaths) {
  auto outcome = read_and_write(Fault::none, {.executions = 2'000, .deaths = 1, .most_operations = 100'000});
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
}

}  // namespace
}  // namespace cohort::sync
