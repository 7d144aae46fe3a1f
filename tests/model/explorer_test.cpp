// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The explorer must find what is known to be wrong, and pass what is known to be right.
#include "model/explorer.hpp"

#include <gtest/gtest.h>

namespace cohort::model {
namespace {

using Word = Atomic<std::uint64_t>;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

// One writes data and raises a flag, the other looks at the flag and reads the data.
Outcome message(std::memory_order store, std::memory_order load) {
  struct State {
    Word flag{0};
    Plain<int> data{0};
  };
  return explore({}, [=](World& world) {
    auto state = std::make_shared<State>();
    world.thread([=] {
      state->data.write(42);
      state->flag.store(1, store);
    });
    world.thread([=, &world] {
      if (state->flag.load(load) == 1) world.expect(state->data.read() == 42, "old data");
    });
  });
}

TEST(Explorer, passes_release_and_acquire_and_catches_each_that_is_missing) {
  EXPECT_EQ(message(release, acquire).fault, "");
  EXPECT_NE(message(relaxed, acquire).fault, "");
  EXPECT_NE(message(release, relaxed).fault, "");
}

// Each stores to its own word and looks at the other's: without fences both may see nothing.
enum class Fences { none, both, remote };
Outcome store_then_look(Fences fences) {
  struct State {
    Word word[2];
    bool saw[2] = {false, false};
  };
  return explore({}, [=](World& world) {
    auto state = std::make_shared<State>();
    for (std::size_t i = 0; i < 2; ++i)
      world.thread([=, &world] {
        state->word[i].store(1, relaxed);
        if (fences == Fences::both) world.fence(std::memory_order_seq_cst);
        if (fences == Fences::remote && i == 0) world.remote_fence();
        state->saw[i] = state->word[1 - i].load(relaxed) == 1;
      });
    world.at_end([=, &world] { world.expect(state->saw[0] || state->saw[1], "neither saw the other"); });
  });
}

TEST(Explorer, shows_that_a_store_may_pass_a_later_load_unless_fenced) {
  EXPECT_NE(store_then_look(Fences::none).fault, "");
  EXPECT_EQ(store_then_look(Fences::both).fault, "");
  EXPECT_EQ(store_then_look(Fences::remote).fault, "");
}

TEST(Explorer, finds_an_increment_that_is_no_read_modify_write) {
  for (bool atomic : {true, false}) {
    auto outcome = explore({}, [=](World& world) {
      auto count = std::make_shared<Word>(0);
      for (int i = 0; i < 3; ++i)
        world.thread([=] {
          if (atomic)
            count->fetch_add(1, relaxed);
          else
            count->store(count->load(relaxed) + 1, relaxed);
        });
      world.at_end([=, &world] { world.expect(count->peek() == 3, "an increment is lost"); });
    });
    EXPECT_EQ(outcome.fault.empty(), atomic);
  }
}

TEST(Explorer, tells_a_wake_up_that_was_never_sent) {
  for (bool wakes : {true, false}) {
    auto outcome = explore({}, [=](World& world) {
      auto word = std::make_shared<Word>(0);
      world.thread([=, &world] {
        while (word->load(acquire) == 0) world.sleep(word.get(), 0, 0);
      });
      world.thread([=, &world] {
        word->store(1, release);
        if (wakes) world.wake(word.get(), 1);
      });
    });
    EXPECT_EQ(outcome.fault, "");
    EXPECT_EQ(outcome.healed == 0, wakes) << outcome.healed;
  }
}

TEST(Explorer, kills_threads_and_tells_who_waits_for_ever) {
  auto outcome = explore({.deaths = 1}, [](World& world) {
    auto word = std::make_shared<Word>(0);
    world.thread([=, &world] {
      while (word->load(acquire) == 0) world.sleep(word.get(), 0, 0);
    });
    world.thread([=, &world] {
      word->store(1, release);
      world.wake(word.get(), 1);
    });
  });
  EXPECT_EQ(outcome.fault, "threads sleep for ever");
}

}  // namespace
}  // namespace cohort::model
