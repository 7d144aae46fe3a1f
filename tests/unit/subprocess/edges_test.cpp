// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The edges of a system: few descriptors, pipes whose other end nobody has or that nobody reads, environments that no
// shell makes, stops that come first, files that are busy.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <coroutine>
#include <csignal>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "os/fd.hpp"
#include "unit/subprocess/temporary.hpp"

extern char** environ;

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// The limit of descriptors, for as long as it lives.
struct OpenFiles {
  rlimit before{};
  explicit OpenFiles(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit less = before;
    less.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &less);
  }
  ~OpenFiles() { setrlimit(RLIMIT_NOFILE, &before); }
};

// Each way of running a program to its end, by name.
struct Way {
  const char* name;
  std::function<void(const Command&, const Options&)> go;
};
std::vector<Way> ways() {
  return {
      {"run", [](const Command& command, const Options& options) { run(command, options); }},
      {"call", [](const Command& command, const Options& options) { call(command, options); }},
      {"check_call", [](const Command& command, const Options& options) { check_call(command, options); }},
      {"run_async", [](const Command& command, const Options& options) { run_async(command, options).get(60s); }},
      {"pipeline", [](const Command& c, const Options& options) { pipeline({c, {"cat"}}).run(options); }},
      {"pipeline async", [](const Command& c, const Options& o) { pipeline({c, {"cat"}}).run_async(o).get(60s); }},
  };
}

TEST(FewDescriptors, do_not_bound_how_many_programs_are_waited_for) {
  OpenFiles limit(256);
  std::vector<AsyncRun> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(run_async({"sleep", "0.2"}, {.drain = 10s}));
  for (AsyncRun& one : runs) EXPECT_EQ(one.get(60s).returncode(), 0);
}

TEST(FewDescriptors, may_become_none_while_a_program_runs) {
  auto later = run_async({"sleep", "0.3"}, {.out = PIPE, .timeout = 60s});
  (void)run_async({"true"}).get(60s);  // so it has been started: the poller takes one after the other
  Popen talks({"sh", "-c", "read line; echo $line"}, {.in = PIPE, .out = PIPE});
  Popen sleeps({"sleep", "0.3"});
  OpenFiles limit(0);
  EXPECT_EQ(talks.communicate("x\n", 60s).out, "x\n");
  EXPECT_EQ(sleeps.wait(60s), 0);
  EXPECT_EQ(later.get(60s).returncode(), 0);
}

TEST(FewDescriptors, are_an_error_of_starting_whichever_step_misses_one) {
  (void)run_async({"true"}).get(60s);  // the poller has its own by now
  std::stop_source stop;
  for (int left = 0; left < 8; ++left) {
    for (const Way& way : ways()) {
      Temporary dir;
      std::vector<os::Fd> all;
      OpenFiles limit(128);
      while (true) {
        int copy = fcntl(2, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) break;
        all.emplace_back(copy);
      }
      for (int i = 0; i < left; ++i) all.pop_back();
      try {
        way.go({"true"}, {.in = Redirect::file("/dev/null"), .out = PIPE, .err = PIPE, .stop = stop.get_token()});
      } catch (const SpawnError& error) {
        EXPECT_EQ(error.code(), std::errc::too_many_files_open) << way.name << ": " << error.what();
      } catch (const std::exception& error) { ADD_FAILURE() << way.name << ", " << left << " left: " << error.what(); }
    }
  }
}

TEST(Tee, that_nobody_reads_any_more_is_an_error_and_no_signal) {
  auto [read_end, write_end] = os::make_pipe();
  read_end.reset();
  for (const Way& way : ways()) {
    try {
      way.go({"sh", "-c", "echo hello; sleep 1000"}, {.out = PIPE, .tee_out = write_end.get()});
      ADD_FAILURE() << way.name;
    } catch (const std::system_error& error) { EXPECT_EQ(error.code(), std::errc::broken_pipe) << way.name; }
  }
}

TEST(Tee, that_nobody_reads_holds_up_neither_time_limits_nor_others) {
  auto [read_end, write_end] = os::make_pipe();
  const Options stuck{.out = PIPE, .tee_out = write_end.get(), .timeout = 300ms};
  EXPECT_THROW(run({"yes"}, stuck), TimeoutExpired);
  auto waits = run_async({"yes"}, {.out = PIPE, .tee_out = write_end.get(), .timeout = 60s});
  EXPECT_EQ(run_async({"true"}).get(30s).returncode(), 0);
  waits.cancel();
  EXPECT_THROW(waits.get(30s), RunCancelled);
}

TEST(Tee, gets_all_of_much_output_from_a_slow_reader) {
  for (bool blocking : {true, false}) {
    auto [read_end, write_end] = os::make_pipe();
    os::set_nonblocking(write_end.get(), !blocking);
    std::string copy;
    std::jthread reader([&copy, fd = read_end.get()] {
      char piece[3000];
      for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;) copy.append(piece, static_cast<std::size_t>(got));
    });
    CompletedProcess done = run({"seq", "100000"}, {.out = PIPE, .tee_out = write_end.get()});
    write_end.reset();
    reader.join();
    EXPECT_EQ(copy, done.out);
    EXPECT_EQ(copy.size(), 588895U);
  }
}

TEST(NamedPipe, without_its_other_end_waits_no_longer_than_the_time_limit_or_a_stop) {
  Temporary dir;
  const std::string fifo = (dir.path() / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const Way& way : ways()) {
    EXPECT_THROW(way.go({"cat"}, {.in = Redirect::file(fifo), .timeout = 100ms}), TimeoutExpired) << way.name;
    EXPECT_THROW(way.go({"echo"}, {.out = Redirect::file(fifo), .timeout = 100ms}), TimeoutExpired) << way.name;
    EXPECT_THROW(way.go({"echo"}, {.err = Redirect::append(fifo), .timeout = 100ms}), TimeoutExpired) << way.name;
  }
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_THROW(Popen({"cat"}, {.in = Redirect::file(fifo), .stop = stop.get_token()}), RunCancelled);
  auto waits = run_async({"cat"}, {.in = Redirect::file(fifo)});
  EXPECT_EQ(run_async({"true"}).get(30s).returncode(), 0);  // the poller serves others meanwhile
  waits.cancel();
  EXPECT_THROW(waits.get(30s), RunCancelled);
}

TEST(NamedPipe, carries_everything_once_both_ends_are_there) {
  Temporary dir;
  const std::string fifo = (dir.path() / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (int i = 0; i < 5; ++i) {
    // The writer opens, and writes a moment later: the reader must not see an end in between.
    auto writes = run_async({"sh", "-c", "sleep 0.05; echo late"}, {.out = Redirect::file(fifo), .timeout = 60s});
    EXPECT_EQ(run({"cat"}, {.in = Redirect::file(fifo), .out = PIPE, .timeout = 60s}).out, "late\n");
    EXPECT_EQ(writes.get(60s).returncode(), 0);
  }
}

TEST(Environment, with_two_entries_of_a_name_gives_programs_the_one_that_getenv_gives) {
  char* const twice[] = {const_cast<char*>("MODE=safe"), const_cast<char*>("MODE=evil"),
                         const_cast<char*>("PATH=/usr/bin:/bin"), const_cast<char*>("PATH=/nowhere"), nullptr};
  char** before = environ;
  environ = const_cast<char**>(twice);
  const Command print{"sh", "-c", "echo $MODE"};
  std::vector<std::string> seen = {
      check_output(print),
      check_output(print, {.env_set = {{"OTHER", "1"}}}),
      check_output(print, {.env_unset = {"OTHER"}}),
      Popen(print, {.out = PIPE}).communicate().out,
      pipeline({print, {"cat"}}).output(),
      run_async(print, {.out = PIPE}).get(60s).out,
  };
  std::string unset = check_output(print, {.env_unset = {"MODE"}});
  std::string contained = check_output(print, {.contain = true});
  environ = before;
  EXPECT_EQ(seen, std::vector<std::string>(6, "safe\n"));
  EXPECT_EQ(contained, "safe\n");
  EXPECT_EQ(unset, "\n");
}

TEST(Stop, that_came_before_the_call_starts_nothing) {
  Temporary dir;
  const std::string file = (dir.path() / "touched").string();
  std::stop_source source;
  source.request_stop();
  auto all = ways();
  all.push_back({"check_output", [](const Command& c, const Options& options) { check_output(c, options); }});
  all.push_back({"Popen", [](const Command& c, const Options& options) { Popen(c, options); }});
  for (const Way& way : all) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_THROW(way.go({"touch", file}, {.stop = source.get_token()}), RunCancelled) << way.name;
      ASSERT_NE(access(file.c_str(), F_OK), 0) << way.name;
    }
  }
}

TEST(Stop, ends_what_popen_waits_for) {
  for (int i = 0; i < 3; ++i) {
    for (bool before_the_call : {true, false}) {
      std::stop_source source;
      Popen p({"sleep", "1000"}, {.out = PIPE, .stop = source.get_token()});
      if (before_the_call) source.request_stop();
      std::jthread stopper([&source] { source.request_stop(); });
      if (i == 0) {
        EXPECT_THROW(p.wait(60s), RunCancelled);
      } else if (i == 1) {
        EXPECT_THROW(p.communicate({}, 60s), RunCancelled);
      } else {
        EXPECT_THROW(p.close_and_wait(60s), RunCancelled);
      }
      EXPECT_EQ(p.status(), ExitStatus::signaled(SIGKILL));
    }
  }
}

TEST(PipeSize, that_cannot_be_had_is_an_error_of_starting) {
  const std::size_t much = std::size_t{1} << 40;
  for (const Way& way : ways()) {
    try {
      way.go({"true"}, {.out = PIPE, .pipesize = much});
      ADD_FAILURE() << way.name;
    } catch (const SpawnError& error) { EXPECT_EQ(error.operation(), "fcntl(F_SETPIPE_SZ)") << way.name; }
  }
  EXPECT_THROW(Popen({"true"}, {.err = PIPE, .pipesize = much}), SpawnError);
  Popen p({"true"}, {.out = PIPE, .pipesize = 128 * 1024});
  EXPECT_GE(fcntl(p.out().fileno(), F_GETPIPE_SZ), 128 * 1024);
  EXPECT_EQ(p.wait(), 0);
}

TEST(BusyFile, that_everybody_here_has_closed_starts) {
  Temporary dir;
  std::atomic<bool> stop{false};
  auto others = [&stop] {
    while (!stop) run({"/bin/true"});
  };
  {
    std::jthread one(others), two(others);
    for (int i = 0; i < 300; ++i) {
      const std::string file = (dir.path() / std::to_string(i)).string();
      os::Fd fd = os::open_file(file.c_str(), O_WRONLY | O_CREAT, 0755);
      os::write_full(fd.get(), std::as_bytes(std::span("#!/bin/true\n", 12)));
      fd.reset();
      EXPECT_EQ(run({file}, {.contain = i % 10 == 0}).returncode(), 0);
    }
    stop = true;
  }
  // One that somebody really writes is an error still.
  const std::string file = (dir.path() / "open").string();
  os::Fd fd = os::open_file(file.c_str(), O_WRONLY | O_CREAT, 0755);
  try {
    run({file});
    FAIL();
  } catch (const SpawnError& error) { EXPECT_EQ(error.code(), std::errc::text_file_busy); }
}

TEST(PseudoTerminal, that_all_have_closed_is_at_its_end) {
  int master = -1, slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  os::set_close_on_exec(master, true);
  os::set_close_on_exec(slave, true);
  Popen p({"echo", "hello"}, {.out = slave});
  close(slave);
  PipeReader reader(master, {.enabled = true}, -1);
  EXPECT_EQ(reader.read_line(60s), "hello");
  EXPECT_EQ(reader.read_line(60s), std::nullopt);
  EXPECT_EQ(p.wait(), 0);
}

// A coroutine whose exceptions go on to the thread that resumes it. Its frame is left to the caller, as that of any
// coroutine that threw.
struct Loose {
  struct promise_type {
    Loose get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
  std::coroutine_handle<> frame;
};

Loose throws_after(AsyncRun run, std::atomic<bool>* resumed) {
  co_await run;
  *resumed = true;
  throw static_cast<const char*>(nullptr);
}

TEST(Poller, outlives_what_a_coroutine_throws) {
  std::atomic<bool> resumed{false};
  Loose thrown = throws_after(run_async({"true"}), &resumed);
  EXPECT_EQ(run_async({"sleep", "0.2"}).get(60s).returncode(), 0);
  while (!resumed) std::this_thread::yield();
  EXPECT_EQ(run_async({"true"}).get(60s).returncode(), 0)
      << "by the same thread, which has come back from the coroutine";
  thrown.frame.destroy();
}

}  // namespace
}  // namespace cohort::subprocess
