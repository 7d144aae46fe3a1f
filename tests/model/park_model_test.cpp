// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The word to sleep on over the explorer's memory, in both of its forms: no wake-up is lost, one stands for one and
// what it stood for more is passed on, deaths cost no more than a bounded sleep; and planted faults are found.
#include "model/replaced.hpp"
//
#include "model/exploring.hpp"
//
#include "../../src/park/wait_word.cpp"

namespace cohort::park {
namespace {

using model::expect_clean;
using model::explore_with;
using model::Fault;
using model::Outcome;
using model::World;

constexpr model::Options kMany{.executions = 10'000};
constexpr model::Options kClean{.executions = 10'000, .healing_is_fault = true};

// The forms that a word to wait on has in the formats.
enum class Form { one_word, mark_of_32_bits, mark_of_64_bits, full_fences };
constexpr Form kForms[] = {Form::one_word, Form::mark_of_32_bits, Form::mark_of_64_bits, Form::full_fences};

// Tokens that come and are taken.
struct Tokens {
  std::atomic<std::uint32_t> count{0};
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::uint32_t> mark{0};
  std::atomic<std::uint64_t> wide{0};
  Form form;

  explicit Tokens(Form form_of) : form(form_of) {}
  [[nodiscard]] WaitWord waiting() {
    if (form == Form::one_word) return WaitWord(word);
    if (form == Form::mark_of_32_bits) return WaitWord(word, Mark(mark, 2));
    return WaitWord(word, Mark(wide, std::uint64_t{1} << 40),
                    form == Form::full_fences ? Fences::both_full : Fences::light_and_heavy);
  }
  void wake(int most) {
    if (form == Form::full_fences) full_fence();
    if (most == 1)
      waiting().wake(1, false);
    else
      waiting().wake_all(false);
  }
  bool try_take() {
    std::uint32_t now = count.load(std::memory_order_relaxed);
    while (now != 0)
      if (count.compare_exchange_weak(now, now - 1, std::memory_order_relaxed)) return true;
    return false;
  }
  [[nodiscard]] bool any() const { return count.load(std::memory_order_relaxed) != 0; }
  Waited take(const Until& until = {}) {
    Waited waited = waiting().wait([this] { return try_take(); }, until);
    if (waited.slept) waiting().pass_on([this] { return any(); });
    return waited;
  }
  void give(std::uint32_t how_many) {
    count.fetch_add(how_many, std::memory_order_relaxed);
    wake(1);
  }
};

Outcome hand_tokens(Fault fault, const model::Options& options, Form form) {
  return explore_with(fault, options, [form](World& world) {
    auto tokens = std::make_shared<Tokens>(form);
    for (int i = 0; i < 3; ++i)
      world.thread([=, &world] { world.expect(tokens->take().ready(), "given up without a reason"); });
    world.thread([=] {
      tokens->give(1);
      // One wake-up for two tokens: whoever is woken passes it on.
      tokens->give(2);
    });
    world.at_end([=, &world] { world.expect(tokens->count.peek() == 0, "a token was left"); });
  });
}

TEST(WaitWordModel, loses_no_wake_up_and_passes_on_what_one_stood_for) {
  for (Form form : kForms) expect_clean(hand_tokens(Fault::none, kClean, form));
}

TEST(WaitWordModel, each_planted_fault_is_found) {
  for (Form form : kForms) {
    EXPECT_GT(hand_tokens(Fault::no_wake, kMany, form).healed, 0);
    EXPECT_GT(hand_tokens(Fault::no_heavy_fence, kMany, form).healed, 0);
  }
}

// A death of one who was woken, or is about to wake, takes a wake-up with it; a bounded sleep makes up for it.
TEST(WaitWordModel, goes_on_after_deaths_anywhere) {
  for (Form form : kForms) {
    auto outcome = explore_with(Fault::none, {.executions = 20'000, .deaths = 1}, [form](World& world) {
      struct State {
        explicit State(Form of) : tokens(of) {}
        Tokens tokens;
        int taken = 0;
      };
      auto state = std::make_shared<State>(form);
      for (int i = 0; i < 2; ++i)
        world.thread([=] {
          // Looks at most four times without being woken: those who give may be dead.
          int sleeps = 0;
          auto overdue = [&](const Patience&) { return ++sleeps == 4; };
          Hooks hooks;
          hooks.overdue = overdue;
          Tokens& tokens = state->tokens;
          bool taken = false;
          Waited waited = tokens.waiting().wait([&] { return taken = tokens.try_take(); }, {}, hooks);
          if (taken) ++state->taken;
          if (waited.slept) tokens.waiting().pass_on([&] { return tokens.any(); });
        });
      for (int i = 0; i < 2; ++i) world.thread([=] { state->tokens.give(1); });
      world.at_end([=, &world] {
        if (world.dead(2) || world.dead(3)) return;
        int takers = 2 - (world.dead(0) ? 1 : 0) - (world.dead(1) ? 1 : 0);
        world.expect(state->taken >= takers, "a taker that lives went without");
      });
    });
    EXPECT_EQ(outcome.fault, "") << outcome.trace;
    EXPECT_GT(outcome.killed, 1000);
  }
}

// A flag that all wait for, which is shown, taken back, and shown again.
Outcome show(Fault fault, const model::Options& options, Form form) {
  return explore_with(fault, options, [form](World& world) {
    struct State {
      explicit State(Form of) : tokens(of) {}
      Tokens tokens;  // its words; the count counts changes
      model::Plain<int> data{0};
    };
    auto state = std::make_shared<State>(form);
    for (int i = 0; i < 3; ++i)
      world.thread([=, &world] {
        auto shown = [&] { return state->tokens.count.load(std::memory_order_acquire) != 0; };
        (void)state->tokens.waiting().wait(shown, {});
        world.expect(state->data.read() == 42, "shown before it was made");
      });
    world.thread([=] {
      state->data.write(42);
      state->tokens.count.fetch_add(1, std::memory_order_release);
      state->tokens.wake(2);
    });
  });
}

TEST(WaitWordModel, wakes_all) {
  for (Form form : kForms) {
    expect_clean(show(Fault::none, kClean, form));
    EXPECT_GT(show(Fault::no_wake, kMany, form).healed, 0);
    EXPECT_GT(show(Fault::no_heavy_fence, kMany, form).healed, 0);
  }
}

// Two meetings in a row on one word: the mark of the second's sleepers must not let one of the first sleep on.
TEST(WaitWordModel, wakes_all_of_one_change_whoever_sleeps_for_the_next) {
  for (Form form : kForms) {
    expect_clean(explore_with(Fault::none, kClean, [form](World& world) {
      auto tokens = std::make_shared<Tokens>(form);
      for (std::uint32_t change = 1; change <= 2; ++change) {
        for (int i = 0; i < 2; ++i)
          world.thread([=] {
            auto come = [&] { return tokens->count.load(std::memory_order_relaxed) >= change; };
            (void)tokens->waiting().wait(come, {});
          });
      }
      world.thread([=] {
        for (int change = 0; change < 2; ++change) {
          tokens->count.fetch_add(1, std::memory_order_relaxed);
          tokens->wake(2);
        }
      });
    }));
  }
}

// A stop comes at any moment of the wait: who waits is told, and others sleep on until their token comes.
TEST(WaitWordModel, a_stop_at_any_moment_ends_the_wait) {
  for (Form form : kForms) {
    expect_clean(explore_with(Fault::none, kClean, [form](World& world) {
      struct State {
        explicit State(Form of) : tokens(of) {}
        Tokens tokens;
        std::stop_source stop;
      };
      auto state = std::make_shared<State>(form);
      world.thread([=, &world] {
        std::stop_token token = state->stop.get_token();
        Waited waited = state->tokens.take(token);
        world.expect(waited.ready() || token.stop_requested(), "stopped though nobody asked for it");
      });
      world.thread([=, &world] { world.expect(state->tokens.take().ready(), "another's stop ended this wait"); });
      world.thread([=] { (void)state->stop.request_stop(); });
      world.thread([=] {
        state->tokens.give(1);
        state->tokens.give(1);
      });
    }));
  }
}

}  // namespace
}  // namespace cohort::park
