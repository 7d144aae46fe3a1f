// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A stop that a call is given ends the call, and the program goes on; one of the options ends the program.
#include "subprocess/stop_signal.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <string>
#include <thread>
#include <type_traits>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/popen.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 60s;

TEST(StopSignal, is_a_descriptor_that_can_be_read_from_the_stop_on) {
  std::stop_source source;
  const detail::StopSignal stop(source.get_token());
  pollfd entry{stop.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  EXPECT_FALSE(stop.requested());
  source.request_stop();
  EXPECT_EQ(::poll(&entry, 1, 0), 1);
  EXPECT_TRUE(stop.requested());
}

TEST(StopSignal, needs_no_descriptor_for_a_token_that_cannot_stop) {
  const detail::StopSignal stop{std::stop_token()};
  EXPECT_EQ(stop.fd(), -1);
  EXPECT_FALSE(stop.possible());
  EXPECT_TRUE(stop.next_look().is_never());
}

// A program that reads its input until the end and writes it out.
Popen reader() { return Popen({"cat"}, {.in = PIPE, .out = PIPE}); }

TEST(StopOfAWait, throws_stopped_and_leaves_the_program_alone) {
  for (bool before_the_call : {true, false}) {
    Popen p = reader();
    std::stop_source source;
    if (before_the_call) source.request_stop();
    std::jthread stopper([&source] { source.request_stop(); });
    try {
      p.wait({source.get_token(), kLong});
      ADD_FAILURE() << "the program has not ended";
    } catch (const RunCancelled&) { ADD_FAILURE() << "the program was not cancelled"; } catch (const Stopped& stopped) {
      EXPECT_EQ(stopped.operation(), "Popen.wait");
    }
    EXPECT_EQ(p.poll(), std::nullopt);
    EXPECT_EQ(p.communicate("text", kLong).out, "text");
    EXPECT_EQ(p.wait(source.get_token()), 0);  // it has ended
  }
}

TEST(StopOfAWait, loses_neither_input_nor_output_of_communicate) {
  Popen p = reader();
  std::stop_source source;
  const std::string much(1 << 20, 'x');
  source.request_stop();
  EXPECT_THROW(p.communicate(much, source.get_token()), Stopped);
  EXPECT_EQ(p.communicate({}, kLong).out, much);
}

TEST(StopOfAWait, ends_close_and_wait) {
  Popen p({"sleep", "1000"}, {.out = PIPE});
  std::stop_source source;
  std::jthread stopper([&source] { source.request_stop(); });
  EXPECT_THROW(p.close_and_wait(source.get_token()), Stopped);
  EXPECT_EQ(p.poll(), std::nullopt);
  p.kill();
  EXPECT_EQ(p.wait(kLong), -9);
}

TEST(StopOfAWait, differs_from_a_stop_of_the_options) {
  std::stop_source of_the_run;
  std::stop_source of_the_call;
  Popen p({"sleep", "1000"}, {.stop = of_the_run.get_token()});
  of_the_call.request_stop();
  EXPECT_THROW(p.wait(of_the_call.get_token()), Stopped);
  EXPECT_EQ(p.poll(), std::nullopt);
  of_the_run.request_stop();
  EXPECT_THROW(p.wait(of_the_call.get_token()), RunCancelled);
  EXPECT_EQ(p.status(), ExitStatus::signaled(9));
}

TEST(StopOfAWait, ends_reading_and_writing_and_keeps_what_there_is) {
  Popen p = reader();
  std::stop_source source;
  {
    std::jthread stopper([&source] { source.request_stop(); });
    EXPECT_THROW(p.out().read_line(source.get_token()), Stopped);
  }
  p.in().write("line\n");
  p.in().flush();
  EXPECT_EQ(p.out().read_line(kLong), "line");
  // More than the pipes take: the rest stays in the buffer.
  const std::string much(1 << 20, 'x');
  EXPECT_THROW(p.in().write(much, source.get_token()), Stopped);
  std::jthread closer([&p] { p.in().close(kLong); });
  EXPECT_EQ(p.out().read_all(kLong), much);
}

TEST(StopOfAWait, for_an_asynchronous_run_leaves_it_alone) {
  AsyncRun run = run_async({"sleep", "1000"});
  std::stop_source source;
  {
    std::jthread stopper([&source] { source.request_stop(); });
    EXPECT_THROW(run.wait(source.get_token()), Stopped);
  }
  EXPECT_THROW(run.get({source.get_token(), kLong}), Stopped);
  EXPECT_FALSE(run.done());
  EXPECT_FALSE(run.wait(1ms));
  run.cancel();
  EXPECT_THROW(run.get(kLong), RunCancelled);
}

TEST(RunCancelled, is_caught_as_stopped) { EXPECT_TRUE((std::is_base_of_v<Stopped, RunCancelled>)); }

}  // namespace
}  // namespace cohort::subprocess
