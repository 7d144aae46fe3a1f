// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The user's code runs under no lock of the library: callbacks may use the program whose output they get, and start
// others.
#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <csignal>
#include <exception>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "support/elsewhere.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
using test::ends_elsewhere;

const Command kTwoLines = {"sh", "-c", "echo one; echo two"};

TEST(Unlocked, a_callback_of_run_may_run_programs) {
  std::string inner;
  EXPECT_TRUE(ends_elsewhere([&inner] {
    auto start = [&inner](std::string_view) {
      inner += run({"echo", "inner"}, {.capture_output = true}).out;
      EXPECT_TRUE(ends_elsewhere([] { run({"true"}); })) << "a run in another thread does not end";
      EXPECT_EQ(run_async({"true"}).get(30s).returncode(), 0);
    };
    run(kTwoLines, {.out = PIPE, .on_out_line = start});
  }));
  EXPECT_EQ(inner, "inner\ninner\n");
}

TEST(Unlocked, a_callback_of_communicate_may_use_its_popen) {
  EXPECT_TRUE(ends_elsewhere([] {
    Popen* self = nullptr;
    int calls = 0;
    auto use = [&](std::string_view) {
      ++calls;
      EXPECT_TRUE(self->pid());
      (void)self->poll();
      EXPECT_THROW(self->wait(1ms), TimeoutExpired);
      EXPECT_TRUE(ends_elsewhere([self] { (void)self->poll(); })) << "a call from another thread does not end";
      self->kill();
    };
    Popen sleeper({"sh", "-c", "echo one; exec sleep 1000"}, {.out = PIPE, .on_out_line = use});
    self = &sleeper;
    (void)sleeper.communicate();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(sleeper.returncode(), -SIGKILL);
  }));
}

TEST(Unlocked, a_callback_of_a_pipeline_may_run_another) {
  EXPECT_TRUE(ends_elsewhere([] {
    std::string inner;
    pipeline({{"echo", "one"}, {"cat"}}).run({.out = PIPE, .on_out = [&](std::string_view) {
                                                inner += pipeline({{"echo", "two"}, {"cat"}}).output();
                                              }});
    EXPECT_EQ(inner, "two\n");
  }));
}

TEST(Unlocked, a_callback_of_run_async_may_use_its_run_and_start_others) {
  EXPECT_TRUE(ends_elsewhere([] {
    AsyncRun self;
    std::promise<void> known;
    std::shared_future<void> is_known = known.get_future().share();
    std::promise<AsyncRun> other;
    auto use = [&, is_known](std::string_view) {
      is_known.wait();
      EXPECT_FALSE(self.done());
      EXPECT_TRUE(ends_elsewhere([&self] { (void)self.done(); })) << "a call from another thread does not end";
      other.set_value(run_async({"true"}));
      self.cancel();
    };
    self = run_async({"sh", "-c", "echo one; exec sleep 1000"}, {.out = PIPE, .on_out_line = use});
    known.set_value();
    EXPECT_EQ(other.get_future().get().get().returncode(), 0);
    EXPECT_THROW(self.get(), RunCancelled);
  }));
}

// Its own thread is the one that would bring the result: whoever waits there would wait for ever.
TEST(Unlocked, a_callback_of_run_async_that_waits_for_a_run_is_refused) {
  std::string said;
  bool ended = ends_elsewhere([&said] {
    auto wait = [&](std::string_view) {
      AsyncRun other = run_async({"true"});
      try {
        (void)other.get();
      } catch (const StateError& error) { said = error.what(); }
      EXPECT_THROW(other.wait(30s), StateError);
    };
    EXPECT_EQ(run_async({"echo", "one"}, {.out = PIPE, .on_out_line = wait}).get().returncode(), 0);
  });
  ASSERT_TRUE(ended);
  EXPECT_EQ(said.find("AsyncRun.get: "), 0U) << said;
}

// A coroutine that nobody waits for.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached run_two(std::promise<std::string>& said) {
  AsyncRun one = run_async({"true"});
  co_await one;
  AsyncRun two = run_async({"echo", "two"}, {.capture_output = true});
  bool refused = false;
  try {
    (void)two.wait();
  } catch (const StateError&) { refused = true; }
  CompletedProcess done = co_await two;  // as it is meant
  said.set_value(refused ? done.out : "not refused");
}

TEST(Unlocked, a_resumed_coroutine_that_waits_for_a_run_is_refused_and_may_await_it) {
  std::promise<std::string> said;
  std::future<std::string> answer = said.get_future();
  run_two(said);
  ASSERT_EQ(answer.wait_for(30s), std::future_status::ready);
  std::string text = answer.get();
  // Where the first program had ended before it was awaited, this thread goes on, and may wait.
  EXPECT_TRUE(text == "two\n" || text == "not refused") << text;
}

TEST(Unlocked, a_stop_that_is_requested_by_a_callback_ends_its_run) {
  EXPECT_TRUE(ends_elsewhere([] {
    std::stop_source source;
    auto stop = [&source](std::string_view) { source.request_stop(); };
    Options options{.out = PIPE, .on_out_line = stop, .stop = source.get_token()};
    EXPECT_THROW(run({"sh", "-c", "echo one; exec sleep 1000"}, options), RunCancelled);
    std::stop_source second;
    auto stop_second = [&second](std::string_view) { second.request_stop(); };
    Options again{.out = PIPE, .on_out_line = stop_second, .stop = second.get_token()};
    EXPECT_THROW(run_async({"sh", "-c", "echo one; exec sleep 1000"}, again).get(), RunCancelled);
  }));
}

}  // namespace
}  // namespace cohort::subprocess
