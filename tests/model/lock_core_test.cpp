// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The robust lock over the explorer's memory: nobody else in the critical section, no wake-up lost, deaths survived; and
// each planted fault is found.
#include <gtest/gtest.h>

#include "model/explorer.hpp"
#include "sync/lock_core.hpp"

namespace cohort::sync {
namespace {

using model::World;

/// What may be planted.
enum class Fault { none, weak_acquire, weak_release, no_wake, no_heavy_fence };

template <Fault fault>
class FaultyWord64 : public model::Atomic<std::uint64_t> {
  using Base = model::Atomic<std::uint64_t>;
  static constexpr std::memory_order weak(std::memory_order order) {
    if (fault == Fault::weak_acquire && order == std::memory_order_acquire) return std::memory_order_relaxed;
    if (fault == Fault::weak_release && order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
  }

 public:
  using Base::Base;
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                               std::memory_order failure) {
    return Base::compare_exchange_strong(expected, desired, weak(success), weak(failure));
  }
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, std::memory_order order) {
    return Base::compare_exchange_strong(expected, desired, weak(order));
  }
  void store(std::uint64_t value, std::memory_order order) { Base::store(value, weak(order)); }
};

template <Fault fault>
struct Environment {
  using Word64 = FaultyWord64<fault>;
  using Word32 = model::Atomic<std::uint32_t>;
  struct Spin {
    explicit Spin(bool) {}
    bool again() { return looks-- > 0; }
    int looks = 1;
  };
  struct Patience {
    [[nodiscard]] Deadline next() const { return Deadline::never(); }
    bool lengthen() { return true; }
  };
  static World& world() { return *World::running(); }
  static os::FutexWait sleep(const Word32& word, std::uint32_t expected, Deadline) {
    switch (world().sleep(&word, word.peek(), expected)) {
      case World::Woken::changed: return os::FutexWait::changed;
      case World::Woken::timed_out: return os::FutexWait::timed_out;
      default: return os::FutexWait::woken;
    }
  }
  static int wake(const Word32& word, int count) { return fault == Fault::no_wake ? 0 : world().wake(&word, count); }
  static int wake_all(const Word32& word) { return world().wake(&word, 1000); }
  static void light_fence(const ThreadSelf&) {}
  static void heavy_fence(const ThreadSelf&) {
    if (fault != Fault::no_heavy_fence) world().remote_fence();
  }
  static bool is_dead(std::uint64_t word, bool) {
    world().pause();
    std::size_t thread = word - 1;
    if (!world().dead(thread)) return false;
    world().learn_of_death(thread);
    return true;
  }
  static void reached(Point) {}
  static bool same_processor(const ThreadSelf&, std::int32_t) { return false; }
  static void look_where(ThreadSelf&) {}
};

template <Fault fault>
struct State {
  BasicLockBody<Environment<fault>> lock;
  model::Plain<int> count{0};
  int inside = 0;
};

template <Fault fault = Fault::none>
model::Outcome fight(model::Options options, std::size_t threads, int rounds) {
  using Core = BasicLockCore<Environment<fault>>;
  return model::explore(options, [=](World& world) {
    auto state = std::make_shared<State<fault>>();
    for (std::size_t i = 0; i < threads; ++i)
      world.thread([=, &world] {
        ThreadSelf self{};
        self.word = i + 1;
        for (int round = 0; round < rounds; ++round) {
          Acquired got = Core::acquire(state->lock, self, Deadline::never());
          world.expect(got == Acquired::yes, "the lock was not taken");
          state->count.write(state->count.read() + 1);
          Core::release(state->lock, self);
        }
      });
    world.at_end([=, &world] {
      if (world.anybody_died()) return;
      world.expect(state->count.peek() == static_cast<int>(threads) * rounds, "an increment was lost");
      std::uint64_t owner = state->lock.owner.peek();
      world.expect(owner == kFree || owner == kOffered, "the lock is still held");
    });
  });
}

TEST(LockModel, excludes_and_loses_no_wake_up) {
  for (std::size_t threads : {2U, 3U}) {
    auto outcome = fight({.executions = 20'000}, threads, 2);
    EXPECT_EQ(outcome.fault, "") << outcome.trace;
    EXPECT_EQ(outcome.healed, 0) << "a sleeper had to time out";
  }
}

TEST(LockModel, goes_on_after_deaths_anywhere) {
  for (int deaths : {1, 2}) {
    auto outcome = fight({.executions = 20'000, .deaths = deaths}, 3, 2);
    EXPECT_EQ(outcome.fault, "") << outcome.trace;
    EXPECT_GT(outcome.killed, 1000);
  }
}

TEST(LockModel, the_next_owner_after_a_death_is_told) {
  using Env = Environment<Fault::none>;
  using Core = BasicLockCore<Env>;
  auto outcome = model::explore({.executions = 20'000, .deaths = 1}, [](World& world) {
    auto state = std::make_shared<State<Fault::none>>();
    for (std::size_t i = 0; i < 2; ++i)
      world.thread([=, &world] {
        ThreadSelf self{};
        self.word = i + 1;
        (void)Core::acquire(state->lock, self, Deadline::never());
        bool told = state->lock.died.load(std::memory_order_relaxed) != 0;
        world.expect(state->inside == 0 || told, "the last owner died inside and nobody said so");
        state->inside = 1;
        world.pause();
        state->inside = 0;
        Core::release(state->lock, self);
      });
  });
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
}

TEST(LockModel, each_planted_fault_is_found) {
  EXPECT_NE(fight<Fault::weak_acquire>({.executions = 20'000}, 2, 2).fault, "");
  EXPECT_NE(fight<Fault::weak_release>({.executions = 20'000}, 2, 2).fault, "");
  EXPECT_GT(fight<Fault::no_wake>({.executions = 20'000}, 2, 2).healed, 0);
  EXPECT_GT(fight<Fault::no_heavy_fence>({.executions = 20'000}, 2, 2).healed, 0);
}

}  // namespace
}  // namespace cohort::sync
