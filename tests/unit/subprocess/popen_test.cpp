// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Popen: its life, its streams and communicate.
#include "cohort/subprocess/popen.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/shell.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
using namespace cohort::literals;

std::string repeated(std::size_t count) {
  std::string text;
  while (text.size() < count) text += "0123456789abcdef\n";
  text.resize(count);
  return text;
}

TEST(Popen, tells_its_returncode_only_once_it_was_seen) {
  Popen p({"cat"}, {.in = PIPE});
  EXPECT_GT(p.pid(), 0);
  EXPECT_FALSE(p.returncode());
  EXPECT_FALSE(p.poll());
  p.in().close();
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.returncode(), 0);
  EXPECT_EQ(p.poll(), 0);
  EXPECT_EQ(p.wait(), 0) << "the result is kept";
}

TEST(Popen, refuses_options_of_run) {
  EXPECT_THROW(Popen({"true"}, {.input = "x"}), ValueError);
  EXPECT_THROW(Popen({"true"}, {.capture_output = true}), ValueError);
  EXPECT_THROW(Popen({"true"}, {.check = true}), ValueError);
  EXPECT_THROW(Popen({"true"}, {.timeout = 1s}), ValueError);
  EXPECT_THROW(Popen({"true"}, {.bufsize = -2}), ValueError);
}

TEST(Popen, wait_expires_and_can_be_repeated) {
  Popen p({"cat"}, {.in = PIPE});
  try {
    p.wait(10ms);
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_NE(std::string(error.what()).find("0.01 seconds"), std::string::npos) << error.what();
    EXPECT_EQ(error.tree_kill(), TreeKill::none);
  }
  EXPECT_THROW(p.wait(0s), TimeoutExpired);
  EXPECT_THROW(p.wait(-1s), TimeoutExpired);
  p.in().close();
  EXPECT_EQ(p.wait(std::chrono::hours::max()), 0);
}

TEST(Popen, gives_one_status_to_all_threads_that_wait) {
  Popen p({"sh", "-c", "read x; exit 7"}, {.in = PIPE});
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { right += p.wait(60s) == 7; });
  p.in().close();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 6);
}

TEST(Popen, sends_signals_and_forgives_a_dead_program) {
  auto ended_by = [](auto action) {
    Popen p({"sleep", "1000"});
    action(p);
    return *p.status();
  };
  EXPECT_EQ(ended_by([](Popen& p) {
              p.kill();
              p.wait();
            }),
            ExitStatus::signaled(SIGKILL));
  EXPECT_EQ(ended_by([](Popen& p) {
              p.terminate();
              p.wait();
            }),
            ExitStatus::signaled(SIGTERM));
  EXPECT_EQ(ended_by([](Popen& p) {
              p.send_signal(SIGINT);
              p.wait();
            }),
            ExitStatus::signaled(SIGINT));
  Popen dead({"true"});
  dead.wait();
  EXPECT_NO_THROW(dead.kill());
  EXPECT_NO_THROW(dead.terminate());
  EXPECT_NO_THROW(dead.send_signal(SIGINT));
  EXPECT_EQ(dead.kill_tree(), TreeKill::none);
}

TEST(Popen, does_not_signal_what_somebody_else_reaped) {
  Popen p({"sh", "-c", "exit 3"});
  ASSERT_EQ(waitpid(p.pid(), nullptr, 0), p.pid());
  EXPECT_NO_THROW(p.kill());
  EXPECT_EQ(p.wait(), ExitStatus::kUnknownExitcode);
  EXPECT_EQ(p.status()->kind(), ExitStatus::Kind::unknown);
  EXPECT_FALSE(p.status()->success());
}

TEST(Popen, is_unknown_where_sigchld_is_ignored) {
  auto* old = signal(SIGCHLD, SIG_IGN);
  Popen p({"true"});
  EXPECT_EQ(p.wait(60s), ExitStatus::kUnknownExitcode);
  signal(SIGCHLD, old);
}

TEST(Popen, has_a_sentinel_for_poll_loops) {
  Popen p({"cat"}, {.in = PIPE});
  pollfd item{p.sentinel(), POLLIN, 0};
  ASSERT_GE(item.fd, 0);
  EXPECT_EQ(poll(&item, 1, 0), 0);
  p.in().close();
  EXPECT_EQ(poll(&item, 1, 60'000), 1);
  EXPECT_EQ(p.poll(), 0);
}

TEST(Popen, neither_waits_nor_kills_when_dropped) {
  int pid;
  {
    Popen p({"sleep", "1000"});
    pid = p.pid();
  }
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
  EXPECT_EQ(info.si_pid, 0) << "it still runs";
  kill(pid, SIGKILL);
  ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  Popen next({"true"});  // the next launch reaps it
  next.wait();
  EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG), -1);
}

TEST(Popen, can_be_moved) {
  Popen p({"cat"}, {.in = PIPE, .out = PIPE});
  Popen q = std::move(p);
  EXPECT_EQ(q.communicate("x").out, "x");
  p = Popen({"true"});
  EXPECT_EQ(p.wait(), 0);
}

TEST(PopenStreams, talk_line_by_line) {
  Popen p({"cat"}, {.in = PIPE, .out = PIPE, .bufsize = 1, .text = true});
  for (int i = 0; i < 3; ++i) {
    std::string line = "line " + std::to_string(i);
    p.in().write(line + "\n", 60s);
    EXPECT_EQ(p.out().read_line(60s), line);
  }
  p.in().close();
  EXPECT_EQ(p.out().read_line(60s), std::nullopt);
  EXPECT_EQ(p.out().read(1), "");
  EXPECT_EQ(p.wait(), 0);
}

TEST(PopenStreams, buffer_until_flushed_unless_told_otherwise) {
  Popen buffered({"cat"}, {.in = PIPE, .out = PIPE});
  buffered.in().write("x\n");
  EXPECT_THROW(buffered.out().read_line(1ms), TimeoutError);
  buffered.in().flush();
  EXPECT_EQ(buffered.out().read_line(60s), "x");
  Popen bare({"cat"}, {.in = PIPE, .out = PIPE, .bufsize = 0});
  bare.in().write("y");
  EXPECT_EQ(bare.out().read(1, 60s), "y");
  Popen binary({"cat"}, {.in = PIPE, .out = PIPE, .bufsize = 1});
  binary.in().write("z\n");
  EXPECT_THROW(binary.out().read_line(1ms), TimeoutError) << "lines are a notion of text";
}

TEST(PopenStreams, keep_what_came_before_a_deadline) {
  Popen p({"sh", "-c", "printf abc; read x; printf def"}, {.in = PIPE, .out = PIPE});
  while (p.out().read_some(60s) != "abc") { FAIL(); }
  EXPECT_THROW(p.out().read(3, 1ms), TimeoutError);
  p.in().write("go\n");
  p.in().flush();
  EXPECT_EQ(p.out().read_all(60s), "def");
}

TEST(PopenStreams, are_closed_where_there_is_no_pipe) {
  Popen p({"true"});
  EXPECT_TRUE(p.in().closed());
  EXPECT_TRUE(p.out().closed());
  EXPECT_EQ(p.err().fileno(), -1);
  EXPECT_THROW(p.in().write("x"), ClosedError);
  EXPECT_THROW(p.out().read_line(), ClosedError);
  p.wait();
}

TEST(PopenStreams, report_a_program_that_reads_no_more_without_a_signal) {
  Popen p({"true"}, {.in = PIPE});
  p.wait();
  try {
    p.in().write(repeated(100'000));
    FAIL();
  } catch (const std::system_error& error) { EXPECT_EQ(error.code(), std::errc::broken_pipe); }
}

TEST(PopenStreams, decode_what_is_cut_between_reads) {
  Popen p({"sh", "-c", "printf '\\303'; read x; printf '\\251\\r'; read x; printf '\\nz'"},
          {.in = PIPE, .out = PIPE, .bufsize = 0, .text = true});
  p.in().write("\n");
  p.in().write("\n");
  EXPECT_EQ(p.out().read_all(60s), "é\nz");
}

TEST(PopenStreams, translate_newlines_between_two_that_talk) {
  Popen p({"sh", "-c",
           "read a; echo \"$a\"; echo line2; cat; printf 'line4\\nline5\\r\\nline6\\r'; printf '\\nline7'; printf "
           "'\\nline8'"},
          {.in = PIPE, .out = PIPE, .text = true});
  p.in().write("line1\n");
  p.in().flush();
  EXPECT_EQ(p.out().read_line(60s), "line1");
  p.in().write("line3\n");
  p.in().close();
  EXPECT_EQ(p.out().read_line(60s), "line2");
  EXPECT_EQ(p.out().read(6, 60s), "line3\n");
  EXPECT_EQ(p.out().read_all(60s), "line4\nline5\nline6\nline7\nline8");
}

TEST(Communicate, sends_and_reads_all_three_streams) {
  Popen p({"sh", "-c", "cat; echo err >&2"}, {.in = PIPE, .out = PIPE, .err = PIPE});
  Communicated got = p.communicate("banana", 60s);
  EXPECT_EQ(got.out, "banana");
  EXPECT_EQ(got.err, "err\n");
  EXPECT_EQ(p.returncode(), 0);
  EXPECT_TRUE(p.in().closed());
  EXPECT_TRUE(p.out().closed());
  EXPECT_EQ(p.communicate().out, "banana") << "the result is kept";
  EXPECT_THROW(p.communicate("more"), ValueError);
}

TEST(Communicate, without_pipes_just_waits) {
  Popen p({"sh", "-c", "exit 47"});
  Communicated got = p.communicate();
  EXPECT_EQ(got.out + got.err, "");
  EXPECT_EQ(p.returncode(), 47);
  EXPECT_THROW(Popen({"true"}).communicate("x"), ValueError);
}

TEST(Communicate, cannot_deadlock_on_more_than_the_pipes_hold) {
  std::string input = repeated(3'000'000);
  Popen p({"sh", "-c", "yes | head -c 2000000 >&2; cat; yes | head -c 2000000 >&2"},
          {.in = PIPE, .out = PIPE, .err = PIPE});
  Communicated got = p.communicate(input, 60s);
  EXPECT_EQ(got.out, input);
  EXPECT_EQ(got.err.size(), 4'000'000U);
}

TEST(Communicate, retried_after_a_timeout_loses_neither_output_nor_input) {
  std::string input = repeated(2'000'000);
  // It stops itself, so that the first calls stand in the middle of writing.
  Popen q({"sh", "-c", "echo early; kill -STOP $$; cat"}, {.in = PIPE, .out = PIPE});
  try {
    q.communicate(input, 200ms);
    FAIL();
  } catch (const TimeoutExpired& error) { EXPECT_EQ(error.out(), "early\n"); }
  EXPECT_THROW(q.communicate({}, 1ms), TimeoutExpired);
  EXPECT_THROW(q.communicate("again", 1ms), ValueError) << "input only at first";
  q.send_signal(SIGCONT);
  EXPECT_EQ(q.communicate({}, 60s).out, "early\n" + input);
  EXPECT_EQ(q.returncode(), 0);
}

TEST(Communicate, obeys_the_time_limit_while_it_writes) {
  Popen p({"sleep", "1000"}, {.in = PIPE});
  auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(p.communicate(repeated(10'000'000), 50ms), TimeoutExpired);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  p.kill();
  EXPECT_NO_THROW(p.communicate({}, 60s));
}

TEST(Communicate, takes_in_what_the_streams_had_buffered) {
  Popen p({"sh", "-c", "echo one; echo two; cat"}, {.in = PIPE, .out = PIPE});
  p.in().write("buffered ");
  EXPECT_EQ(p.out().read_line(60s), "one");
  EXPECT_EQ(p.communicate("input", 60s).out, "two\nbuffered input");
}

TEST(Communicate, goes_on_in_the_middle_of_a_text) {
  Popen p({"sh", "-c", "printf '\\376\\377\\0a\\0\\n'; read x; printf '\\0b\\0\\n'"},
          {.in = PIPE, .out = PIPE, .encoding = Encoding::utf16});
  EXPECT_EQ(p.out().read_line(60s), "a") << "its byte order mark says the big end first";
  EXPECT_EQ(p.communicate("\n", 60s).out, "b\n");
  Popen q({"sh", "-c", "printf 'a\\r'; read x; printf '\\nb\\303'; read x; printf '\\251\\n'"},
          {.in = PIPE, .out = PIPE, .text = true});
  EXPECT_EQ(q.out().read_some(60s), "a\n");
  EXPECT_EQ(q.communicate("\n\n", 60s).out, "bé\n") << "the newline of a pair was given already";
}

TEST(Communicate, forgives_input_that_was_closed_before) {
  Popen p({"cat"}, {.in = PIPE, .out = PIPE});
  p.in().close();
  EXPECT_EQ(p.communicate().out, "");
}

TEST(Communicate, forgives_a_program_that_reads_no_more) {
  Popen p({"sh", "-c", "exec <&-; echo x"}, {.in = PIPE, .out = PIPE});
  EXPECT_EQ(p.communicate(repeated(1'000'000), 60s).out, "x\n");
  Popen only({"true"}, {.in = PIPE});
  EXPECT_NO_THROW(only.communicate(repeated(1'000'000), 60s));
}

TEST(Communicate, goes_on_after_a_callback_threw) {
  int calls = 0;
  Popen p({"printf", "a\nb\nc\n"}, {.out = PIPE, .on_out_line = [&](std::string_view) {
                                      if (++calls == 2) throw std::runtime_error("no");
                                    }});
  EXPECT_THROW(p.communicate(), std::runtime_error);
  EXPECT_EQ(p.communicate({}, 60s).out, "a\nb\nc\n");
  EXPECT_EQ(calls, 3);
}

TEST(Communicate, decodes_text_with_errors_as_asked) {
  Popen p({"printf", "a\\377\\r\\n"}, {.out = PIPE, .errors = ErrorPolicy::replace});
  EXPECT_EQ(p.communicate().out, "a\uFFFD\n");
  Popen strict({"printf", "\\377"}, {.out = PIPE, .text = true});
  EXPECT_THROW(strict.communicate(), DecodeError);
  Popen wide({"cat"}, {.in = PIPE, .out = PIPE, .encoding = Encoding::utf16});
  wide.in().write("é");
  EXPECT_EQ(wide.communicate("€\n").out, "é€\n") << "one byte order mark for all";
}

TEST(Communicate, shows_no_more_than_the_tail_that_it_keeps) {
  Popen p({"sh", "-c", "seq 100000; kill -STOP $$"}, {.out = PIPE, .max_output = 7_B, .overflow = Overflow::keep_tail});
  std::string seen;
  while (seen != "100000\n") {
    try {
      p.communicate({}, 50ms);
      FAIL();
    } catch (const TimeoutExpired& error) { seen = error.out(); }
    ASSERT_LE(seen.size(), 7U);
  }
  p.send_signal(SIGCONT);
  EXPECT_EQ(p.communicate({}, 60s).out, "100000\n");
}

TEST(Communicate, drains_no_longer_than_allowed_after_the_end) {
  Popen p({"sh", "-c", "sleep 1000 & echo $!; exit 3"}, {.out = PIPE, .drain = 50ms});
  Communicated got = p.communicate({}, 60s);
  ASSERT_FALSE(got.out.empty());
  kill(std::stoi(got.out), SIGKILL);
  EXPECT_EQ(p.returncode(), 3);
  EXPECT_TRUE(p.completed().drain_expired);
}

TEST(Communicate, gives_lines_and_copies_while_it_runs) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  std::vector<std::string> lines;
  Popen p({"sh", "-c", "echo a; read x; printf 'b\\nlast'"}, {.in = PIPE,
                                                              .out = PIPE,
                                                              .on_out_line =
                                                                  [&](std::string_view line) {
                                                                    EXPECT_EQ(lines.empty(), line == "a");
                                                                    lines.emplace_back(line);
                                                                  },
                                                              .tee_out = ends[1]});
  int in = fcntl(p.in().fileno(), F_DUPFD_CLOEXEC, 3);
  while (lines.empty()) {
    try {
      p.communicate({}, 20ms);
      FAIL() << "it waits for input";
    } catch (const TimeoutExpired&) {}
  }
  EXPECT_EQ(lines.size(), 1U) << "while it runs";
  ASSERT_EQ(write(in, "\n", 1), 1);
  close(in);
  EXPECT_EQ(p.communicate({}, 60s).out, "a\nb\nlast");
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b", "last"}));
  char copy[64];
  EXPECT_EQ(read(ends[0], copy, sizeof copy), 8);
  close(ends[0]);
  close(ends[1]);
}

TEST(Popen, starts_500_at_once_without_a_leak) {
  auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  Popen({"true"}).wait();
  auto before = open_descriptors();
  {
    std::vector<Popen> many;
    for (int i = 0; i < 500; ++i) many.emplace_back(Command{"cat"}, Options{.in = PIPE, .out = PIPE, .err = PIPE});
    for (int i = 0; i < 500; ++i) {
      std::string text = std::to_string(i);
      ASSERT_EQ(many[static_cast<std::size_t>(i)].communicate(text, 60s).out, text);
    }
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  {
    // Also those that nobody waits for.
    std::vector<Popen> dropped;
    for (int i = 0; i < 500; ++i) dropped.emplace_back(Command{"cat"}, Options{.in = PIPE, .out = PIPE});
  }
  Deadline limit(30s);
  siginfo_t info{};
  do { Popen({"true"}).wait(); } while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !limit.expired());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(limit.expired());
}

TEST(Popen, starts_500_at_once_without_mixing_them_up) {
  std::vector<Popen> many;
  for (int i = 0; i < 500; ++i) many.emplace_back(Command{"cat"}, Options{.in = PIPE, .out = PIPE});
  for (int i = 0; i < 500; ++i) {
    std::string text = std::to_string(i);
    ASSERT_EQ(many[static_cast<std::size_t>(i)].communicate(text, 60s).out, text);
  }
}

TEST(Popen, that_was_moved_from_throws_from_each_call) {
  Popen from({"true"});
  Popen to = std::move(from);
  const std::pair<const char*, void (*)(Popen&)> calls[] = {
      {"args", [](Popen& p) { (void)p.args(); }},
      {"pid", [](Popen& p) { (void)p.pid(); }},
      {"sentinel", [](Popen& p) { (void)p.sentinel(); }},
      {"in", [](Popen& p) { (void)p.in(); }},
      {"out", [](Popen& p) { (void)p.out(); }},
      {"err", [](Popen& p) { (void)p.err(); }},
      {"poll", [](Popen& p) { (void)p.poll(); }},
      {"wait", [](Popen& p) { (void)p.wait(); }},
      {"returncode", [](Popen& p) { (void)p.returncode(); }},
      {"status", [](Popen& p) { (void)p.status(); }},
      {"usage", [](Popen& p) { (void)p.usage(); }},
      {"communicate", [](Popen& p) { (void)p.communicate(); }},
      {"send_signal", [](Popen& p) { p.send_signal(0); }},
      {"terminate", [](Popen& p) { p.terminate(); }},
      {"kill", [](Popen& p) { p.kill(); }},
      {"kill_tree", [](Popen& p) { (void)p.kill_tree(); }},
      {"close_and_wait", [](Popen& p) { (void)p.close_and_wait(); }},
      {"to_string", [](Popen& p) { (void)p.to_string(); }},
      {"completed", [](Popen& p) { (void)p.completed(); }},
  };
  for (const auto& [name, call] : calls) {
    try {
      call(from);  // NOLINT(bugprone-use-after-move)
      ADD_FAILURE() << name << " returned";
    } catch (const StateError& error) {
      EXPECT_EQ(std::string(error.what()), std::string("Popen.") + name + ": this object was moved from");
    }
  }
  EXPECT_EQ(to.wait(10s), 0);
  from = std::move(to);
  EXPECT_EQ(from.returncode(), 0);
}

}  // namespace
}  // namespace cohort::subprocess
