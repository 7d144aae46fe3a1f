// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The queue's side locks, its commit by one store, and its sleeping and waking, over the explorer's memory. The sources
// of the library itself are compiled here, with std::atomic replaced by the explorer's words.
#include "model/replaced.hpp"
//
#include "../../src/park/wait_word.cpp"
//
#include "../../src/ring/ring_wait.hpp"
#include "../../src/ring/side_lock.hpp"

namespace cohort {

using model::Fault;
using model::planted;
using model::World;

}  // namespace cohort

#include "../../src/ring/ring_wait.cpp"
#include "../../src/ring/side_lock.cpp"

namespace cohort::ring {

namespace {

using model::Fault;

constexpr std::uint64_t kPlaces = 2;

/// A ring of kPlaces items, with the locks, positions and orders of the real one.
struct SmallRing {
  RingBody body{};
  model::Plain<std::uint64_t> places[kPlaces];

  bool try_put(std::uint64_t item) {
    SideGuard guard(body.in);
    guard.mark_repaired();  // what a dead holder leaves here needs no repair
    std::uint64_t position = body.in.position.load(std::memory_order_relaxed);
    // As Writer::look_at_out()
    if (position - body.out.position.load(std::memory_order_acquire) == kPlaces) return false;
    if (planted == Fault::early_commit) body.in.position.store(position + 1, std::memory_order_release);
    places[position % kPlaces].write(item);
    // As Writer::commit()
    body.in.position.store(position + 1,
                           planted == Fault::weak_commit ? std::memory_order_relaxed : std::memory_order_release);
    return true;
  }
  std::optional<std::uint64_t> try_take() {
    SideGuard guard(body.out);
    guard.mark_repaired();
    std::uint64_t position = body.out.position.load(std::memory_order_relaxed);
    // As Reader::next()
    if (body.in.position.load(planted == Fault::weak_look ? std::memory_order_relaxed : std::memory_order_acquire) ==
        position)
      return std::nullopt;
    std::uint64_t item = places[position % kPlaces].read();
    // As Reader::commit()
    body.out.position.store(position + 1, std::memory_order_release);
    return item;
  }
  [[nodiscard]] bool full() {
    return body.in.position.load(std::memory_order_relaxed) - body.out.position.load(std::memory_order_relaxed) >=
           kPlaces;
  }
  [[nodiscard]] bool empty() {
    return body.in.position.load(std::memory_order_relaxed) == body.out.position.load(std::memory_order_relaxed);
  }
  void put(std::uint64_t item) {
    if (try_put(item)) return;
    const Until limits;
    RingWait wait(body.out, limits);
    while (wait.again([&] { return !full(); })) {
      if (!try_put(item)) continue;
      wait.finish([&] { return !full(); });
      return;
    }
  }
  std::uint64_t take() {
    if (auto item = try_take()) return *item;
    const Until limits;
    RingWait wait(body.in, limits);
    while (wait.again([&] { return !empty(); })) {
      auto item = try_take();
      if (!item) continue;
      wait.finish([&] { return !empty(); });
      return *item;
    }
    return 0;
  }
};

/// `pairs` producers of `items` each, and as many consumers.
model::Outcome exchange(Fault fault, model::Options options, std::size_t pairs, std::uint64_t items) {
  planted = fault;
  auto outcome = model::explore(options, [=](World& world) {
    struct State {
      SmallRing ring;
      std::vector<std::uint64_t> received;
    };
    auto state = std::make_shared<State>();
    for (std::size_t i = 0; i < pairs; ++i) {
      world.thread([=] {
        for (std::uint64_t n = 1; n <= items; ++n) state->ring.put(i * 100 + n);
      });
      world.thread([=] {
        for (std::uint64_t n = 0; n < items; ++n) {
          std::uint64_t item = state->ring.take();
          state->received.push_back(item);
        }
      });
    }
    world.at_end([=, &world] {
      auto sorted = state->received;
      std::sort(sorted.begin(), sorted.end());
      world.expect(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "an item came twice");
      if (!world.anybody_died()) world.expect(sorted.size() == pairs * items, "an item was lost");
    });
  });
  planted = Fault::none;
  return outcome;
}

TEST(RingModel, gives_each_item_once_and_loses_no_wake_up) {
  auto one = exchange(Fault::none, {.executions = 20'000}, 1, 4);
  EXPECT_EQ(one.fault, "") << one.trace;
  EXPECT_EQ(one.healed, 0) << "a sleeper had to time out";
  auto two = exchange(Fault::none, {.executions = 10'000, .healing_is_fault = true}, 2, 3);
  EXPECT_EQ(two.fault, "") << two.trace;
  EXPECT_EQ(two.healed, 0) << "a sleeper had to time out";
}

// Who waits for an item of a dead producer waits for ever here; only what others do is looked at.
TEST(RingModel, goes_on_after_deaths) {
  planted = Fault::none;
  auto outcome = model::explore({.executions = 20'000, .deaths = 1}, [=](World& world) {
    auto ring = std::make_shared<SmallRing>();
    auto count = std::make_shared<int>(0);
    for (int i = 0; i < 2; ++i)
      world.thread([=] {
        for (std::uint64_t n = 1; n <= 2; ++n) (void)ring->try_put(n);
      });
    for (int i = 0; i < 2; ++i)
      world.thread([=] {
        for (int n = 0; n < 2; ++n) *count += ring->try_take().has_value() ? 1 : 0;
      });
    world.at_end([=, &world] { world.expect(*count <= 4, "more came than was put"); });
  });
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
  EXPECT_GT(outcome.killed, 1000);
}

TEST(RingModel, each_planted_fault_is_found) {
  EXPECT_NE(exchange(Fault::weak_commit, {.executions = 20'000}, 1, 4).fault, "");
  EXPECT_NE(exchange(Fault::weak_look, {.executions = 20'000}, 1, 4).fault, "");
  EXPECT_NE(exchange(Fault::early_commit, {.executions = 20'000}, 1, 4).fault, "");
  EXPECT_GT(exchange(Fault::no_heavy_fence, {.executions = 20'000}, 2, 3).healed, 0);
  EXPECT_GT(exchange(Fault::no_wake, {.executions = 20'000}, 1, 4).healed, 0);
}

}  // namespace
}  // namespace cohort::ring
