// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/async.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/run.hpp"
#include "os/spawn.hpp"
#include "unit/subprocess/forked_copy.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
using namespace cohort::literals;
namespace fs = std::filesystem;

// The smallest coroutine that can await: it starts at once and ends by itself.
struct FireAndForget {
  struct promise_type {
    FireAndForget get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

TEST(RunAsync, gives_what_run_gives) {
  AsyncRun one = run_async({"cat"}, {.input = std::string("hello"), .capture_output = true});
  CompletedProcess done = one.get(60s);
  EXPECT_EQ(done.out, "hello");
  EXPECT_EQ(done.returncode(), 0);
  EXPECT_TRUE(one.done());
  EXPECT_THROW(one.get(), StateError) << "once";
  EXPECT_EQ(run_async({"sh", "-c", "exit 3"}).get(60s).returncode(), 3);
}

TEST(RunAsync, throws_what_run_throws) {
  EXPECT_THROW(run_async({"/no/such"}).get(60s), SpawnError);
  EXPECT_THROW(run_async({"false"}, {.check = true}).get(60s), CalledProcessError);
  EXPECT_THROW(run_async({"yes"}, {.out = PIPE, .max_output = 10_B}).get(60s), OutputLimitExceeded);
  EXPECT_THROW(run_async({"true"}, {.capture_output = true, .out = PIPE}), ValueError);
  EXPECT_THROW(
      run_async({"echo", "x"}, {.out = PIPE, .on_out = [](std::string_view) { throw std::runtime_error("no"); }})
          .get(60s),
      std::runtime_error);
  try {
    run_async({"sh", "-c", "echo x; sleep 1000 & sleep 1000"}, {.out = PIPE, .timeout = 200ms}).get(60s);
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_EQ(error.out(), "x\n");
    EXPECT_EQ(error.tree_kill(), TreeKill::walk);
  }
}

TEST(RunAsync, is_awaited_by_coroutines) {
  std::latch all(2);
  std::string out;
  std::string error;
  auto good = [&]() -> FireAndForget {
    AsyncRun first = run_async({"echo", "one"}, {.out = PIPE});
    std::string input = (co_await first).out + "two";
    AsyncRun second = run_async({"cat"}, {.input = input, .out = PIPE});
    out = (co_await second).out;
    all.count_down();
  };
  auto bad = [&]() -> FireAndForget {
    try {
      AsyncRun none = run_async({"/no/such"});
      co_await none;
    } catch (const SpawnError& e) { error = e.subject(); }
    all.count_down();
  };
  good();
  bad();
  all.wait();
  EXPECT_EQ(out, "one\ntwo");
  EXPECT_EQ(error, "/no/such");
}

TEST(RunAsync, runs_500_awaited_commands_20_at_once_with_one_cancelled) {
  Temporary dir;
  // Each command counts those that run with it through files in a directory of its own making.
  std::string script = "d=\"$0\"; : > \"$d/$$\"; ls \"$d\" | wc -l; rm \"$d/$$\"; echo $1";
  Limit limit(20);
  std::atomic<int> right{0}, cancelled{0}, most{0};
  std::latch all(500);
  std::vector<AsyncRun*> handles(500);
  auto one = [&](int i) -> FireAndForget {
    Command command = i == 250 ? Command{"sleep", "1000"} : Command{"sh", "-c", script, dir.path(), i};
    AsyncRun mine = run_async(command, {.out = PIPE}, limit);
    if (i == 250) mine.cancel();
    try {
      std::string out = (co_await mine).out;
      std::size_t newline = out.find('\n');
      int together = std::stoi(out);
      int seen = most.load();
      while (together > seen && !most.compare_exchange_weak(seen, together)) {}
      if (out.substr(newline + 1) == std::to_string(i) + "\n") ++right;
    } catch (const RunCancelled&) { ++cancelled; }
    all.count_down();
  };
  for (int i = 0; i < 500; ++i) one(i);
  all.wait();
  EXPECT_EQ(right, 499);
  EXPECT_EQ(cancelled, 1);
  EXPECT_LE(most, 20);
}

TEST(RunAsync, cancels_what_runs_and_what_waits) {
  Limit limit(1);
  AsyncRun running = run_async({"sleep", "1000"}, {}, limit);
  AsyncRun waiting = run_async({"sleep", "1000"}, {}, limit);
  AsyncRun next = run_async({"echo", "x"}, {.out = PIPE}, limit);
  EXPECT_FALSE(running.wait(1ms));
  EXPECT_THROW(running.get(1ms), TimeoutError);
  waiting.cancel();
  EXPECT_THROW(waiting.get(60s), RunCancelled);
  EXPECT_FALSE(next.done());
  running.cancel();
  running.cancel();
  try {
    running.get(60s);
    FAIL();
  } catch (const RunCancelled& error) { EXPECT_EQ(error.process().status, ExitStatus::signaled(SIGKILL)); }
  EXPECT_EQ(next.get(60s).out, "x\n") << "the slot is free again";
}

TEST(RunAsync, obeys_a_stop_token) {
  std::stop_source source;
  AsyncRun one = run_async({"sleep", "1000"}, {.stop = source.get_token()});
  source.request_stop();
  EXPECT_THROW(one.get(60s), RunCancelled);
  EXPECT_THROW(run_async({"sleep", "1000"}, {.stop = source.get_token()}).get(60s), RunCancelled);
}

TEST(RunAsync, needs_neither_the_handle_nor_the_input_to_live) {
  Temporary dir;
  fs::path file = dir.path() / "f";
  {
    std::string input = "text";
    (void)run_async({"sh", "-c", "cat > \"$0.part\"; mv \"$0.part\" \"$0\"", file}, {.input = input});
  }
  for (int i = 0; i < 60'000 && !fs::exists(file); ++i) usleep(1000);
  std::string text;
  std::ifstream(file) >> text;
  EXPECT_EQ(text, "text");
}

// ThreadSanitizer by itself ends a forked copy that starts a thread, for fear of its own locks; the tests are run with
// its die_after_fork=0, and then it has nothing to say about this one.
TEST(RunAsync, works_in_a_forked_copy) {
  run_async({"true"}).get(60s);
  pid_t pid = fork();
  if (pid == 0) _exit(run_async({"sh", "-c", "exit 7"}).get(60s).returncode());
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

// In a copy, whose poller must be made anew: all but one of those that are made at once step back.
TEST(RunAsync, is_begun_by_many_threads_at_once) {
  EXPECT_EQ(in_forked_copy([] {
              std::atomic<int> right{0};
              std::latch together(8);
              std::vector<std::thread> threads;
              for (int i = 0; i < 8; ++i) {
                threads.emplace_back([&] {
                  together.arrive_and_wait();
                  right += run_async({"echo", "x"}, {.out = PIPE}).get(60s).out == "x\n";
                });
              }
              for (auto& thread : threads) thread.join();
              return right == 8 ? "" : "only " + std::to_string(right) + " were right";
            }),
            "");
}

TEST(RunAsync, leaves_no_zombie_when_a_callback_throws) {
  int pid = 0;
  AsyncRun one =
      run_async({"sh", "-c", "echo $$; exec sleep 1000"}, {.out = PIPE, .on_out = [&](std::string_view piece) {
                                                             pid = std::stoi(std::string(piece));
                                                             throw std::runtime_error("first");
                                                           }});
  EXPECT_THROW(one.get(60s), std::runtime_error);
  ASSERT_GT(pid, 0);
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG), -1) << "it was reaped";
  // One that throws for the last line, when the program may have ended already.
  for (int i = 0; i < 20; ++i) {
    AsyncRun last = run_async(
        {"printf", "no newline"},
        {.out = PIPE, .on_out_line = [](std::string_view) { throw std::runtime_error("last"); }, .drain = 10s});
    EXPECT_THROW(last.get(60s), std::runtime_error);
  }
}

// Then it is the kill that learns of the end, and nothing else will tell.
TEST(RunAsync, ends_when_a_callback_throws_after_the_end) {
  for (bool row : {false, true}) {
    Options options{.out = PIPE, .on_out = [](std::string_view piece) {
                      siginfo_t info{};
                      waitid(P_PID, static_cast<id_t>(std::stoi(std::string(piece))), &info, WEXITED | WNOWAIT);
                      throw std::runtime_error("late");
                    }};
    const Command command{"sh", "-c", "echo $$"};
    if (row) {
      AsyncPipeline one = pipeline({{"true"}, command}).run_async(options);
      ASSERT_TRUE(one.wait(40s));
      EXPECT_THROW(one.get(), std::runtime_error);
    } else {
      AsyncRun one = run_async(command, options);
      ASSERT_TRUE(one.wait(40s));
      EXPECT_THROW(one.get(), std::runtime_error);
    }
  }
}

TEST(RunAsync, works_without_pidfds) {
  os::force_spawn_fallbacks(os::force_no_clone_pidfd | os::force_no_pidfd);
  EXPECT_EQ(run_async({"cat"}, {.input = "x", .capture_output = true}).get(60s).out, "x");
  EXPECT_EQ(run_async({"sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 4"}, {.capture_output = true}).get(60s).returncode(),
            4);
  EXPECT_EQ(pipeline({{"echo", "x"}, {"cat"}}).run_async({.out = PIPE}).get(60s).out, "x\n");
  EXPECT_THROW(run_async({"sleep", "1000"}, {.timeout = 50ms}).get(60s), TimeoutExpired);
  AsyncRun held = run_async({"sh", "-c", "sleep 1000 & echo $!"}, {.out = PIPE, .drain = 50ms});
  EXPECT_TRUE(held.wait(40s)) << "the end was not looked for";
  if (held.done()) {
    CompletedProcess done = held.get();
    EXPECT_TRUE(done.drain_expired);
    kill(std::stoi(done.out), SIGKILL);
  }
  AsyncRun cancelled = run_async({"sleep", "1000"});
  cancelled.cancel();
  EXPECT_THROW(cancelled.get(60s), RunCancelled);
  os::force_spawn_fallbacks(os::force_none);
}

TEST(RunAsync, drains_no_longer_than_allowed_after_the_end) {
  for (bool row : {false, true}) {
    const Command holder{"sh", "-c", "sleep 1000 & echo $!"};
    std::string out = row ? pipeline({{"true"}, holder}).run_async({.out = PIPE, .drain = 50ms}).get(60s).out
                          : run_async(holder, {.out = PIPE, .drain = 50ms}).get(60s).out;
    kill(std::stoi(out), SIGKILL);
  }
}

TEST(RunAsync, moves_much_data_for_many_at_once) {
  std::string input(1'000'000, 'x');
  std::vector<AsyncRun> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(run_async({"cat"}, {.input = input, .capture_output = true}));
  for (AsyncRun& one : runs) EXPECT_EQ(one.get(60s).out, input);
}

TEST(RunAsync, gives_a_program_the_signal_mask_of_who_asked_for_it) {
  auto blocked = [](const CompletedProcess& done) { return done.out; };
  const Command command{"grep", "SigBlk", "/proc/self/status"};
  const std::string own = blocked(run(command, {.out = PIPE}));
  EXPECT_EQ(blocked(run_async(command, {.out = PIPE}).get(60s)), own);
  EXPECT_EQ(blocked(run_async(command, {.out = PIPE, .contain = true}).get(60s)), own);
  EXPECT_EQ(run_async({"sh", "-c", "kill -TERM $$; sleep 1000"}).get(60s).status, ExitStatus::signaled(SIGTERM));
  std::string here, there;
  std::thread([&] {
    sigset_t more;
    sigemptyset(&more);
    sigaddset(&more, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &more, nullptr);
    here = blocked(run(command, {.out = PIPE}));
    there = blocked(run_async(command, {.out = PIPE}).get(60s));
  }).join();
  EXPECT_NE(here, own);
  EXPECT_EQ(there, here);
}

TEST(RunAsync, of_a_pipeline_gives_what_the_pipeline_gives) {
  Pipeline counted = pipeline({{"printf", "b\na\nb\n"}, {"sort"}, {"uniq", "-c"}, {"tr", "-d", " "}});
  AsyncPipeline one = counted.run_async({.out = PIPE});
  PipelineResult done = one.get(60s);
  EXPECT_EQ(done.out, "1a\n2b\n");
  EXPECT_EQ(done.stages.size(), 4U);
  EXPECT_TRUE(done.success());
  EXPECT_THROW(one.get(), StateError) << "once";
  PipelineResult cut = pipeline({{"yes"}, {"head", "-n", 2}}).run_async({.out = PIPE}).get(60s);
  EXPECT_EQ(cut.stages[0].status, ExitStatus::signaled(SIGPIPE));
  EXPECT_TRUE(cut.success());
  std::string input(2'000'000, 'x');
  EXPECT_EQ(pipeline({{"cat"}, {"tr", "x", "y"}}).run_async({.input = input, .capture_output = true}).get(60s).out,
            std::string(2'000'000, 'y'));
  // The last may end long before the first.
  PipelineResult early = pipeline({{"sh", "-c", "exec >&-; sleep 0.2; exit 3"}, {"true"}}).run_async().get(60s);
  EXPECT_EQ(early.stages[0].returncode(), 3);
}

TEST(RunAsync, of_a_pipeline_throws_what_the_pipeline_throws) {
  auto count = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); };
  run_async({"true"}).get(60s);
  auto before = count();
  EXPECT_THROW(pipeline(std::vector<Command>{}).run_async(), ValueError);
  EXPECT_THROW(pipeline({{"yes"}, {"cat"}, {"/no/such"}}).run_async().get(60s), SpawnError);
  EXPECT_THROW(pipeline({{"false"}, {"cat"}}).run_async({.in = DEVNULL, .check = true}).get(60s), CalledProcessError);
  try {
    pipeline({{"sh", "-c", "echo x; exec sleep 1000"}, {"cat"}}).run_async({.out = PIPE, .timeout = 200ms}).get(60s);
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_EQ(error.out(), "x\n");
    EXPECT_EQ(error.tree_kill(), TreeKill::walk);
  }
  AsyncPipeline cancelled = pipeline({{"sleep", "1000"}, {"sleep", "1000"}}).run_async();
  cancelled.cancel();
  EXPECT_THROW(cancelled.get(60s), RunCancelled);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(count(), before);
}

TEST(RunAsync, of_pipelines_is_awaited_and_limited) {
  Limit limit(2);
  std::latch all(20);
  std::atomic<int> right{0};
  auto one = [&](int i) -> FireAndForget {
    AsyncPipeline mine = pipeline({{"echo", i}, {"cat"}}).run_async({.out = PIPE}, limit);
    if ((co_await mine).out == std::to_string(i) + "\n") ++right;
    all.count_down();
  };
  for (int i = 0; i < 20; ++i) one(i);
  all.wait();
  EXPECT_EQ(right, 20);
}

// A failure that check reports is no reason to kill what the program left running on purpose.
TEST(RunAsync, leaves_alone_what_a_failed_program_started) {
  AsyncRun one = run_async({"sh", "-c", "sleep 1000 >&- & echo $!; exit 3"},
                           {.out = PIPE, .start_new_session = true, .check = true});
  int pid = 0;
  try {
    one.get(60s);
    FAIL();
  } catch (const CalledProcessError& error) { pid = std::stoi(error.out()); }
  EXPECT_EQ(kill(pid, 0), 0);
  kill(pid, SIGKILL);
}

TEST(Limit, of_zero_is_refused) { EXPECT_THROW(Limit(0), ValueError); }

TEST(AsyncRun, that_holds_nothing_says_so) {
  AsyncRun none;
  EXPECT_THROW((void)none.done(), StateError);
  EXPECT_THROW(none.get(), StateError);
}

}  // namespace
}  // namespace cohort::subprocess
