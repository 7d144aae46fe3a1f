// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// run() and its kin; named after what CPython's tests ask of them.
#include "cohort/subprocess/run.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/popen.hpp"
#include "os/spawn.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
using namespace cohort::literals;
namespace fs = std::filesystem;

CompletedProcess sh(const char* script, Options options = {}) {
  if (options.out.is_inherit() && !options.capture_output) options.out = PIPE;
  return run({"sh", "-c", script}, options);
}

TEST(Run, gives_the_exit_code_or_minus_the_signal) {
  EXPECT_EQ(run({"true"}).returncode(), 0);
  EXPECT_EQ(sh("exit 47").returncode(), 47);
  EXPECT_EQ(sh("kill -ABRT $$").status, ExitStatus::signaled(SIGABRT));
  EXPECT_EQ(call({"sh", "-c", "exit 47"}), 47);
}

TEST(Run, throws_for_failure_when_asked_to_check) {
  EXPECT_EQ(run({"true"}, {.check = true}).returncode(), 0);
  try {
    sh("echo out; echo err >&2; exit 47", {.capture_output = true, .check = true});
    FAIL();
  } catch (const CalledProcessError& error) {
    EXPECT_EQ(error.returncode(), 47);
    EXPECT_EQ(error.out(), "out\n");
    EXPECT_EQ(error.err(), "err\n");
    EXPECT_NE(std::string(error.what()).find("returned non-zero exit status 47"), std::string::npos);
  }
}

TEST(Run, names_the_signal_in_the_error) {
  try {
    sh("kill -KILL $$").check_returncode();
    FAIL();
  } catch (const CalledProcessError& error) {
    EXPECT_NE(std::string(error.what()).find("died with SIGKILL (9)"), std::string::npos) << error.what();
  }
}

TEST(Run, captures_output_and_errors_apart_or_together) {
  CompletedProcess apart = sh("echo a; echo b >&2", {.capture_output = true});
  EXPECT_EQ(apart.out, "a\n");
  EXPECT_EQ(apart.err, "b\n");
  EXPECT_TRUE(apart.captured_err);
  CompletedProcess together = sh("echo a; echo b >&2", {.out = PIPE, .err = STDOUT});
  EXPECT_EQ(together.out, "a\nb\n");
  EXPECT_FALSE(together.captured_err);
}

TEST(Run, sends_input) {
  EXPECT_EQ(run({"tr", "a-z", "A-Z"}, {.input = "pear", .out = PIPE}).out, "PEAR");
  EXPECT_EQ(run({"cat"}, {.input = "", .out = PIPE}).out, "");
  EXPECT_EQ(run({"cat"}, {.in = DEVNULL, .out = PIPE}).out, "");
}

TEST(Run, refuses_contradicting_options) {
  EXPECT_THROW(run({"true"}, {.input = "x", .in = DEVNULL}), ValueError);
  EXPECT_THROW(run({"true"}, {.capture_output = true, .out = PIPE}), ValueError);
  EXPECT_THROW(run({"true"}, {.capture_output = true, .err = STDOUT}), ValueError);
  EXPECT_THROW(run({"true"}, {.out = STDOUT}), ValueError);
  EXPECT_THROW(run({"true"}, {.in = STDOUT}), ValueError);
  EXPECT_THROW(run({"true"}, {.in = -7}), ValueError);
  EXPECT_THROW(run(std::vector<std::string>{}), ValueError);
  EXPECT_THROW(check_output({"true"}, {.out = PIPE}), ValueError);
  EXPECT_THROW(check_output({"true"}, {.check = true}), ValueError);
}

TEST(Run, kills_and_reaps_at_the_time_limit_and_keeps_what_came) {
  try {
    sh("echo early; exec sleep 1000", {.timeout = 200ms});
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_EQ(error.out(), "early\n");
    EXPECT_EQ(error.tree_kill(), TreeKill::walk);
    EXPECT_NE(std::string(error.what()).find("timed out after 0.2 seconds"), std::string::npos) << error.what();
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Run, expires_at_once_with_a_limit_of_zero_or_less) {
  EXPECT_THROW(sh("sleep 1000", {.timeout = 0s}), TimeoutExpired);
  EXPECT_THROW(sh("sleep 1000", {.timeout = -1s}), TimeoutExpired);
}

TEST(Run, takes_limits_beyond_any_clock) {
  EXPECT_EQ(sh("echo x", {.timeout = std::chrono::hours::max()}).out, "x\n");
  EXPECT_EQ(sh("echo x", {.timeout = std::chrono::duration<double>(1e300)}).out, "x\n");
}

TEST(Run, returns_at_the_limit_though_a_grandchild_holds_the_pipe) {
  auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(sh("sleep 1000 & sleep 1000", {.capture_output = true, .timeout = 100ms}), TimeoutExpired);
  // Even one that left the tree and ignores signals.
  EXPECT_THROW(
      sh("setsid sh -c \"trap '' TERM HUP; sleep 5\" & sleep 1000", {.capture_output = true, .timeout = 100ms}),
      TimeoutExpired);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
}

TEST(Run, kills_the_whole_tree_of_descendants) {
  Temporary dir;
  try {
    sh(("(sleep 1000; :) & (sh -c 'sleep 1000; :' & wait) & echo $! > " + (dir.path() / "pid").string() + "; wait")
           .c_str(),
       {.out = DEVNULL, .timeout = 300ms});
    FAIL();
  } catch (const TimeoutExpired& error) { EXPECT_EQ(error.tree_kill(), TreeKill::walk); }
  int pid = 0;
  std::ifstream(dir.path() / "pid") >> pid;
  ASSERT_GT(pid, 0);
  // Killed, though perhaps still on its way out, or a zombie of whoever adopted it.
  std::string state;
  Deadline limit(30s);
  do {
    state.clear();
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string ignored;
    stat >> ignored >> ignored >> state;
  } while (!state.empty() && state != "Z" && state != "X" && !limit.expired());
  EXPECT_TRUE(state.empty() || state == "Z" || state == "X") << state;
}

TEST(Run, stops_when_asked_to) {
  // The program says when it runs: a stop before its start would find nothing to kill.
  Temporary scratch;
  std::string running = scratch.path() / "running";
  std::stop_source source;
  std::thread stopper([&] {
    for (Deadline limit(60s); !fs::exists(running) && !limit.expired();) std::this_thread::yield();
    source.request_stop();
  });
  try {
    run({"/bin/sh", "-c", "echo a > \"$1\"; exec sleep 1000", "sh", running}, {.stop = source.get_token()});
    ADD_FAILURE() << "nothing was cancelled";
  } catch (const RunCancelled& error) { EXPECT_EQ(error.process().status, ExitStatus::signaled(SIGKILL)); }
  stopper.join();
  EXPECT_THROW(run({"sleep", "1000"}, {.stop = source.get_token()}), RunCancelled);
}

TEST(Run, drains_no_longer_than_allowed_after_the_end) {
  CompletedProcess done = sh("sleep 1000 & echo $!; exit 3", {.drain = 50ms});
  EXPECT_EQ(done.returncode(), 3);
  EXPECT_TRUE(done.drain_expired);
  ASSERT_FALSE(done.out.empty());
  kill(std::stoi(done.out), SIGKILL);
  EXPECT_FALSE(sh("echo x", {.drain = 10s}).drain_expired);
}

TEST(Run, bounds_what_it_keeps) {
  try {
    sh("yes", {.max_output = 10_B});
    FAIL();
  } catch (const OutputLimitExceeded& error) { EXPECT_EQ(error.process().out, "y\ny\ny\ny\ny\n"); }
  CompletedProcess head = sh("seq 100000", {.max_output = 4_B, .overflow = Overflow::keep_head});
  EXPECT_EQ(head.out, "1\n2\n");
  EXPECT_EQ(head.out_bytes, 588895U);
  CompletedProcess tail = sh("seq 100000", {.max_output = 7_B, .overflow = Overflow::keep_tail});
  EXPECT_EQ(tail.out, "100000\n");
}

TEST(Run, reads_into_the_callers_memory) {
  std::string room(16, '.');
  CompletedProcess done = sh("printf 12345678", {.out = PIPE, .out_buffer = room});
  EXPECT_EQ(done.out_bytes, 8U);
  EXPECT_EQ(room, "12345678........");
  EXPECT_EQ(done.out, "");
  EXPECT_THROW(sh("seq 100", {.out = PIPE, .out_buffer = room}), OutputLimitExceeded);
  EXPECT_EQ(sh("seq 100", {.out = PIPE, .out_buffer = room, .overflow = Overflow::keep_head}).out_bytes, 292U);
}

TEST(Run, streams_pieces_lines_and_copies) {
  Temporary dir;
  int tee = open((dir.path() / "tee").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::string pieces;
  std::vector<std::string> lines, errors;
  CompletedProcess done = sh("printf 'a\\nb\\r\\nlast'; echo e1 >&2; echo e2 >&2",
                             {.capture_output = true,
                              .text = true,
                              .on_out = [&](std::string_view piece) { pieces += piece; },
                              .on_out_line = [&](std::string_view line) { lines.emplace_back(line); },
                              .on_err_line = [&](std::string_view line) { errors.emplace_back(line); },
                              .tee_out = tee,
                              .keep_output = false});
  close(tee);
  EXPECT_EQ(pieces, "a\nb\r\nlast");
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b", "last"}));
  EXPECT_EQ(errors, (std::vector<std::string>{"e1", "e2"}));
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.out_bytes, 9U);
  std::stringstream copy;
  copy << std::ifstream(dir.path() / "tee").rdbuf();
  EXPECT_EQ(copy.str(), "a\nb\r\nlast");
}

TEST(Run, ends_the_program_when_a_callback_throws) {
  EXPECT_THROW(sh("echo x; exec sleep 1000", {.on_out = [](std::string_view) { throw std::runtime_error("no"); }}),
               std::runtime_error);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Run, has_text_modes) {
  EXPECT_EQ(sh("printf 'a\\r\\nb\\rc\\n'", {.text = true}).out, "a\nb\nc\n");
  EXPECT_EQ(sh("printf 'a\\r\\nb\\rc\\n'").out, "a\r\nb\rc\n");
  EXPECT_EQ(sh("printf '\\351'", {.encoding = Encoding::latin1}).out, "é");
  EXPECT_EQ(run({"cat"}, {.input = "é€", .out = PIPE, .encoding = Encoding::utf16}).out, "é€");
  EXPECT_THROW(sh("printf '\\377'", {.text = true}), DecodeError);
  EXPECT_EQ(sh("printf 'a\\377'", {.errors = ErrorPolicy::ignore}).out, "a");
  EXPECT_EQ(sh("printf 'a\\377'", {.errors = ErrorPolicy::backslashreplace}).out, "a\\xff");
  // What is no text goes through a program and comes back.
  std::string odd = "a\xff\xfe";
  std::string text = run({"cat"}, {.input = decode(odd, Encoding::utf8, ErrorPolicy::surrogateescape),
                                   .out = PIPE,
                                   .errors = ErrorPolicy::surrogateescape})
                         .out;
  EXPECT_EQ(encode(text, Encoding::utf8, ErrorPolicy::surrogateescape), odd);
}

TEST(Run, translates_newlines_of_every_stream_and_encoding) {
  Popen p({"sh", "-c",
           "read s; printf '%s\\nline2\\r' \"$s\"; printf 'eline2\\n' >&2; cat; printf 'line4\\nline5\\r\\n';"
           "printf 'eline6\\reline7\\r\\nz' >&2"},
          {.in = PIPE, .out = PIPE, .err = PIPE, .text = true});
  Communicated got = p.communicate("line1\nline3\n", 60s);
  EXPECT_EQ(got.out, "line1\nline2\nline3\nline4\nline5\n");
  EXPECT_EQ(got.err, "eline2\neline6\neline7\nz");
  for (Encoding encoding :
       {Encoding::utf16, Encoding::utf16_be, Encoding::utf32, Encoding::utf32_be, Encoding::latin1}) {
    std::string bytes = encode("1\r\n2\r3\n4", encoding);
    EXPECT_EQ(translate_newlines(decode(run({"cat"}, {.input = bytes, .out = PIPE}).out, encoding)), "1\n2\n3\n4");
    EXPECT_EQ(run({"cat"}, {.input = "1\r\n2\r3\n4", .out = PIPE, .encoding = encoding}).out, "1\n2\n3\n4");
  }
}

TEST(Run, keeps_no_tail_in_the_callers_memory) {
  std::string room(16, '.');
  EXPECT_THROW(sh("seq 9", {.out = PIPE, .out_buffer = room, .overflow = Overflow::keep_tail}), ValueError);
  EXPECT_THROW(Popen({"seq", "9"}, {.out = PIPE, .out_buffer = room, .overflow = Overflow::keep_tail}), ValueError);
}

TEST(Run, tells_of_signals_without_a_name) {
  CompletedProcess done;
  done.args = Command{"fake", "cmd"};
  done.status = ExitStatus::signaled(9876543);
  EXPECT_NE(std::string(CalledProcessError(done).what()).find("unknown signal 9876543"), std::string::npos);
  done.status = ExitStatus::signaled(SIGABRT);
  EXPECT_NE(std::string(CalledProcessError(done).what()).find("SIGABRT (6)"), std::string::npos);
  done.status = ExitStatus::exited(2);
  EXPECT_NE(std::string(CalledProcessError(done).what()).find("non-zero exit status 2"), std::string::npos);
}

TEST(Run, gives_files_descriptors_and_nothing_as_streams) {
  Temporary dir;
  fs::path file = dir.path() / "f";
  EXPECT_EQ(sh("echo one", {.out = Redirect::file(file)}).out, "");
  sh("echo two; echo three >&2", {.out = Redirect::append(file), .err = STDOUT});
  EXPECT_EQ(run({"cat"}, {.in = Redirect::file(file), .out = PIPE}).out, "one\ntwo\nthree\n");
  sh("echo strawberry >&2", {.out = DEVNULL, .err = Redirect::file(dir.path() / "err")});
  EXPECT_EQ(run({"cat", dir.path() / "err"}, {.out = PIPE}).out, "strawberry\n");
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(run({"cat"}, {.in = fd, .out = PIPE}).out, "one\ntwo\nthree\n");
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC) << "it is the caller's and stays as it was";
  close(fd);
  EXPECT_EQ(run({"cat"}, {.in = DEVNULL, .out = PIPE}).out, "");
  EXPECT_EQ(sh("echo x; echo y >&2", {.out = DEVNULL, .err = PIPE}).err, "y\n");
}

TEST(Run, sends_errors_to_the_parents_output_when_only_err_is_stdout) {
  Temporary dir;
  fs::path file = dir.path() / "f";
  // Our own output goes to a file for a moment.
  fflush(stdout);
  int saved = dup(1);
  int fd = open(file.c_str(), O_RDWR | O_CREAT, 0600);
  dup2(fd, 1);
  run({"sh", "-c", "echo e >&2"}, {.err = STDOUT});
  dup2(saved, 1);
  close(saved);
  close(fd);
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "e\n");
}

TEST(Run, getoutput_and_getstatusoutput_are_pythons) {
  EXPECT_EQ(getoutput("echo xyzzy"), "xyzzy");
  EXPECT_EQ(getstatusoutput("echo a; echo b >&2; exit 3"), (std::pair<int, std::string>(3, "a\nb")));
  EXPECT_EQ(getstatusoutput("printf 'a\\n\\n'").second, "a\n") << "one newline is taken off";
  EXPECT_EQ(getstatusoutput("kill -9 $$").first, -9);
  EXPECT_EQ(getoutput(Shell{"echo {}", "a;b"}), "a;b");
}

TEST(Run, check_call_and_check_output_throw_for_failure) {
  EXPECT_EQ(check_call({"true"}), 0);
  EXPECT_THROW(check_call({"false"}), CalledProcessError);
  EXPECT_EQ(check_output({"echo", "x"}), "x\n");
  EXPECT_EQ(check_output({"sh", "-c", "echo x >&2"}, {.err = STDOUT}), "x\n");
  EXPECT_EQ(check_output({"cat"}, {.input = "pear"}), "pear");
  EXPECT_EQ(check_output({"cat"}, {.input = ""}), "");
  EXPECT_THROW(check_output({"sleep", "1000"}, {.timeout = 50ms}), TimeoutExpired);
  try {
    check_output({"sh", "-c", "echo partial; exit 5"});
    FAIL();
  } catch (const CalledProcessError& error) {
    EXPECT_EQ(error.returncode(), 5);
    EXPECT_EQ(error.out(), "partial\n");
  }
}

TEST(Run, check_output_takes_a_file_or_text_as_input) {
  Temporary dir;
  std::ofstream(dir.path() / "f") << "pear";
  EXPECT_EQ(check_output({"tr", "a-z", "A-Z"}, {.in = Redirect::file(dir.path() / "f")}), "PEAR");
  EXPECT_EQ(check_output({"tr", "a-z", "A-Z"}, {.input = "pear"}), "PEAR");
  EXPECT_THROW(check_output({"cat"}, {.input = "hare", .in = Redirect::file(dir.path() / "f")}), ValueError);
  EXPECT_EQ(check_output({"cat"}, {.input = ""}), "");
  EXPECT_EQ(check_output({"cat"}, {.input = "", .text = true}), "");
  EXPECT_EQ(check_output({"echo", "foo"}, {.input = "", .encoding = Encoding::utf8, .errors = ErrorPolicy::ignore}),
            "foo\n");
}

TEST(Run, works_without_pidfds) {
  os::force_spawn_fallbacks(os::force_no_clone_pidfd | os::force_no_pidfd);
  EXPECT_EQ(run({"cat"}, {.input = "x", .capture_output = true, .timeout = 60s}).out, "x");
  EXPECT_EQ(sh("exec >&-; exit 4", {.timeout = 60s}).returncode(), 4);
  EXPECT_THROW(run({"sleep", "1000"}, {.timeout = 50ms}), TimeoutExpired);
  CompletedProcess held = sh("sleep 1000 & echo $!; exit 3", {.drain = 50ms});
  EXPECT_TRUE(held.drain_expired);
  kill(std::stoi(held.out), SIGKILL);
  std::stop_source source;
  std::thread stopper([&] { source.request_stop(); });
  EXPECT_THROW(run({"sleep", "1000"}, {.stop = source.get_token()}), RunCancelled);
  stopper.join();
  Popen p({"cat"}, {.in = PIPE, .out = PIPE});
  EXPECT_EQ(p.sentinel(), -1);
  EXPECT_THROW(p.wait(1ms), TimeoutExpired);
  EXPECT_EQ(p.communicate("y", 60s).out, "y");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  os::force_spawn_fallbacks(os::force_none);
}

TEST(Run, reports_what_was_used) {
  CompletedProcess done = sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  EXPECT_GT(done.usage.max_resident_bytes, 0U);
  EXPECT_GT(done.usage.user_time + done.usage.system_time, 0ns);
}

TEST(Run, works_from_many_threads_at_once) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&right, t] {
      for (int i = 0; i < 20; ++i) {
        std::string text = std::to_string(t * 1000 + i);
        if (run({"cat"}, {.input = text, .out = PIPE}).out == text) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 160);
}

TEST(Run, runs_10000_programs_without_a_leak) {
  auto open_descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  run({"/bin/true"}, {.capture_output = true});
  auto before = open_descriptors();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  int count = 1000;  // each costs several times as much there
#else
  int count = 10000;
#endif
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(run({"/bin/true"}, {.input = "x", .capture_output = true}).status.success());
    if (i % 10 == 0) { EXPECT_THROW(run({"/no/such"}, {.capture_output = true}), SpawnError); }
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace cohort::subprocess
