// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A record of several words under explored schedules, stale reads and deaths: nobody reads half of a store.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>

#include "model/explorer.hpp"
#include "shared/record.hpp"

namespace cohort::detail {
namespace {

using model::World;
using Word = model::Atomic<std::uint64_t>;
using Items = std::array<std::uint64_t, 2>;

// What a planted fault changes.
struct NoCommit : RecordOrders {
  static constexpr std::memory_order kCommit = std::memory_order_relaxed;  // relaxed: planted
};
struct NoBegin : RecordOrders {
  static constexpr std::memory_order kBegin = std::memory_order_relaxed;  // relaxed: planted
};
struct NoPut : RecordOrders {
  static constexpr std::memory_order kPut = std::memory_order_relaxed;  // relaxed: planted
};
struct NoTake : RecordOrders {
  static constexpr std::memory_order kTake = std::memory_order_relaxed;  // relaxed: planted
};
enum class Step { as_it_is, commit_first, over_the_current };

struct State {
  Word owner{0};  // 1 + thread; 0 free
  Word count{0};
  std::array<Word, 4> copies{};
};

// The lock, robust as ours: who finds its owner dead takes it over.
void acquire(State& state, World& world) {
  std::uint64_t mine = world.self() + 1;
  while (true) {
    std::uint64_t seen = 0;
    if (state.owner.compare_exchange_strong(seen, mine, std::memory_order_acquire, std::memory_order_relaxed)) return;
    if (seen != 0 && world.notices_death(seen - 1) &&
        state.owner.compare_exchange_strong(seen, mine, std::memory_order_acquire, std::memory_order_relaxed))
      return;
  }
}

template <class Orders>
model::Outcome stores_and_reads(model::Options options, Step step = Step::as_it_is) {
  return model::explore(options, [=](World& world) {
    auto state = std::make_shared<State>();
    for (std::uint64_t writer = 0; writer < 2; ++writer) {
      world.thread([=, &world] {
        Record<Word, Orders> record(state->count, state->copies.data(), sizeof(Items));
        for (std::uint64_t n = 1; n <= 3; ++n) {
          Items items{writer * 10 + n, writer * 10 + n};
          acquire(*state, world);
          if (step == Step::as_it_is) {
            record.commit(record.prepare(items.data()));
          } else if (step == Step::commit_first) {
            record.commit(state->count.load(std::memory_order_relaxed) + 1);  // relaxed: planted
            record.write_in_place(items.data());
          } else {
            record.write_in_place(items.data());
            record.commit(state->count.load(std::memory_order_relaxed));  // relaxed: planted
          }
          state->owner.store(0, std::memory_order_release);
        }
      });
    }
    for (int reader = 0; reader < 2; ++reader) {
      world.thread([=, &world] {
        Record<Word, Orders> record(state->count, state->copies.data(), sizeof(Items));
        for (int i = 0; i < 3; ++i) {
          Items seen{};
          if (record.try_read(seen.data(), 2)) world.expect(seen[0] == seen[1], "half of a store was read");
        }
      });
    }
    world.at_end([=, &world] {
      Items last{};
      Record<Word, Orders> record(state->count, state->copies.data(), sizeof(Items));
      world.expect(record.try_read(last.data(), 1) && last[0] == last[1], "half of a store stays");
      if (!world.anybody_died()) world.expect(state->count.load() == 6, "a store was lost");
    });
  });
}

TEST(RecordModel, is_never_read_in_part) {
  auto outcome = stores_and_reads<RecordOrders>({.executions = 10'000});
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
}

TEST(RecordModel, is_never_read_in_part_when_writers_die) {
  auto outcome = stores_and_reads<RecordOrders>({.executions = 10'000, .deaths = 2});
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
  EXPECT_GT(outcome.killed, 1'000);
}

TEST(RecordModel, each_planted_fault_is_found) {
  const model::Options options{.executions = 20'000, .deaths = 1};
  EXPECT_NE(stores_and_reads<NoCommit>(options).fault, "");
  EXPECT_NE(stores_and_reads<NoBegin>(options).fault, "");
  EXPECT_NE(stores_and_reads<NoPut>(options).fault, "");
  EXPECT_NE(stores_and_reads<NoTake>(options).fault, "");
  EXPECT_NE(stores_and_reads<RecordOrders>(options, Step::commit_first).fault, "");
  EXPECT_NE(stores_and_reads<RecordOrders>(options, Step::over_the_current).fault, "");
}

}  // namespace
}  // namespace cohort::detail
