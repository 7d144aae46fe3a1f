// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What may come between: signals, stops, retries, other threads, failures half-way; and a Popen that is closed early.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "unit/subprocess/forked_copy.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

volatile std::sig_atomic_t signals_seen = 0;

// A handler for SIGUSR1 that interrupts system calls.
struct Interrupting {
  struct sigaction before{};
  Interrupting() {
    struct sigaction action{};
    action.sa_handler = [](int) { signals_seen = signals_seen + 1; };
    sigaction(SIGUSR1, &action, &before);
    signals_seen = 0;
  }
  ~Interrupting() { sigaction(SIGUSR1, &before, nullptr); }
};

TEST(Interrupted, calls_go_on_after_a_signal) {
  Interrupting handler;
  const std::string script =
      "for i in 1 2 3 4 5; do kill -USR1 " + std::to_string(getpid()) + "; done; echo x; echo y >&2";
  for (bool out : {true, false}) {
    Options options;
    (out ? options.out : options.err) = PIPE;
    (out ? options.err : options.out) = DEVNULL;
    Popen p({"sh", "-c", script}, options);
    Communicated got = p.communicate({}, 60s);
    EXPECT_EQ(out ? got.out : got.err, out ? "x\n" : "y\n");
  }
  EXPECT_EQ(run({"sh", "-c", script}, {.capture_output = true}).out, "x\n");
  Popen waited({"sh", "-c", script}, {.out = DEVNULL, .err = DEVNULL});
  EXPECT_EQ(waited.wait(60s), 0);
  Popen read({"sh", "-c", script}, {.out = PIPE, .err = DEVNULL});
  EXPECT_EQ(read.out().read_all(60s), "x\n");
  EXPECT_EQ(read.wait(), 0);
  EXPECT_GT(signals_seen, 0);
}

TEST(Stopped, program_has_not_ended) {
  Popen p({"cat"}, {.in = PIPE});
  p.send_signal(SIGSTOP);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(p.pid()), &info, WSTOPPED | WNOWAIT), 0);
  EXPECT_EQ(p.poll(), std::nullopt);
  EXPECT_THROW(p.wait(1ms), TimeoutExpired);
  p.send_signal(SIGCONT);
  p.in().close();
  EXPECT_EQ(p.wait(60s), 0);
}

TEST(Communicate, keeps_much_output_over_its_timeouts) {
  Popen p({"sh", "-c", "for i in 1 2 3 4; do head -c 65536 /dev/zero | tr '\\0' a; kill -STOP $$; done"},
          {.out = PIPE});
  int expired = 0;
  while (true) {
    try {
      EXPECT_EQ(p.communicate({}, 50ms).out, std::string(4 * 65536, 'a'));
      break;
    } catch (const TimeoutExpired& error) {
      EXPECT_LE(error.out().size(), 4U * 65536);
      // Only when all that was written before the stop has come.
      if (error.out().size() == static_cast<std::size_t>(expired + 1) * 65536 && ++expired <= 4) p.send_signal(SIGCONT);
    }
  }
  EXPECT_EQ(expired, 4);
}

TEST(Communicate, is_repeated_while_a_program_lives_on_without_output) {
  Popen p({"sh", "-c", "exec >&-; read x"}, {.in = PIPE, .out = PIPE});
  int in = fcntl(p.in().fileno(), F_DUPFD_CLOEXEC, 3);  // keeps its input open
  for (int i = 0; i < 3; ++i) EXPECT_THROW(p.communicate({}, 20ms), TimeoutExpired);
  close(in);
  EXPECT_EQ(p.communicate({}, 60s).out, "");
}

TEST(Communicate, sends_what_a_timeout_of_zero_left_and_closes_the_input) {
  std::string input = "spam" + std::string(100'000, '#') + "beans";
  Popen p({"cat"}, {.in = PIPE, .out = PIPE, .err = PIPE, .text = true});
  EXPECT_THROW(p.communicate(input, 0s), TimeoutExpired);
  EXPECT_EQ(p.communicate({}, 60s).out, input);
  EXPECT_EQ(p.returncode(), 0);
}

TEST(Communicate, closes_every_set_of_pipes) {
  for (int set = 0; set < 8; ++set) {
    Options options;
    options.in = (set & 1) != 0 ? Redirect(PIPE) : Redirect(DEVNULL);
    if ((set & 2) != 0) options.out = PIPE;
    if ((set & 4) != 0) options.err = PIPE;
    Popen p({"cat"}, options);
    Communicated got = p.communicate({}, 60s);
    EXPECT_EQ(got.out + got.err, "");
    EXPECT_TRUE(p.in().closed() && p.out().closed() && p.err().closed()) << set;
    EXPECT_EQ(p.returncode(), 0);
  }
}

TEST(Communicate, works_with_one_pipe_as_with_three) {
  Popen in({"sh", "-c", "[ \"$(cat)\" = pear ]"}, {.in = PIPE});
  in.communicate("pear", 60s);
  EXPECT_EQ(in.returncode(), 0);
  Popen out({"printf", "pineapple"}, {.out = PIPE});
  EXPECT_EQ(out.communicate({}, 60s).out, "pineapple");
  Popen err({"sh", "-c", "printf pineapple >&2"}, {.err = PIPE});
  EXPECT_EQ(err.communicate({}, 60s).err, "pineapple");
}

TEST(Communicate, sends_every_byte_there_is) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 7);
  Popen p({"cat"}, {.in = PIPE, .out = PIPE});
  EXPECT_EQ(p.communicate(bytes, 60s).out, bytes);
  // Whatever else is contiguous goes as the bytes that it is made of.
  std::vector<std::int32_t> numbers(5000, 0x64306f66);
  std::string_view raw(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof numbers[0]);
  EXPECT_EQ(run({"cat"}, {.input = raw, .out = PIPE}).out, raw);
}

TEST(Communicate, is_not_held_by_a_grandchild_that_left_and_none_survives) {
  Popen p({"sh", "-c", "setsid sh -c 'trap \"\" TERM HUP; echo $$; exec sleep 1000' & wait"},
          {.out = PIPE, .contain = true});
  std::string seen;
  while (seen.find('\n') == std::string::npos) {
    try {
      p.communicate({}, 50ms);
      FAIL() << "the pipe is held";
    } catch (const TimeoutExpired& error) { seen = error.out(); }
  }
  EXPECT_EQ(p.kill_tree(), TreeKill::contain);
  EXPECT_EQ(p.communicate({}, 60s).out, seen);
  EXPECT_EQ(kill(std::stoi(seen), 0), -1);
}

TEST(Timeouts, say_how_long_they_were) {
  auto text = [](Timeout timeout) -> std::string {
    try {
      run({"sleep", "1000"}, {.timeout = timeout});
    } catch (const TimeoutExpired& error) { return error.what(); }
    return "";
  };
  EXPECT_NE(text(-1s).find("-1 seconds"), std::string::npos) << text(-1s);
  EXPECT_NE(text(0s).find("after 0 seconds"), std::string::npos);
  EXPECT_NE(text(100us).find("0.0001 seconds"), std::string::npos);
}

TEST(CloseAndWait, closes_all_and_gives_the_code) {
  Popen p({"sh", "-c", "cat > /dev/null; exit 100"}, {.in = PIPE, .out = PIPE, .err = PIPE});
  p.in().write("context");
  EXPECT_EQ(p.close_and_wait(60s), 100);
  EXPECT_TRUE(p.in().closed() && p.out().closed() && p.err().closed());
  EXPECT_EQ(p.returncode(), 100);
  EXPECT_EQ(p.close_and_wait(), 100);
  // What was buffered is sent.
  Popen q({"sh", "-c", "[ \"$(cat)\" = sent ]"}, {.in = PIPE});
  q.in().write("sent");
  EXPECT_EQ(q.close_and_wait(60s), 0);
}

TEST(CloseAndWait, waits_even_when_the_input_cannot_be_sent) {
  Popen p({"true"}, {.in = PIPE, .bufsize = 1 << 20});
  p.in().write(std::string(1 << 19, 'x'));
  EXPECT_EQ(p.returncode(), std::nullopt);
  try {
    p.close_and_wait(60s);
    FAIL();
  } catch (const std::system_error& error) { EXPECT_EQ(error.code(), std::errc::broken_pipe); }
  EXPECT_EQ(p.returncode(), 0);
  EXPECT_TRUE(p.in().closed());
}

TEST(CloseAndWait, expires_and_may_be_repeated) {
  Popen p({"sh", "-c", "exec <&-; kill -STOP $$"}, {.in = PIPE, .out = PIPE});
  EXPECT_THROW(p.close_and_wait(20ms), TimeoutExpired);
  p.send_signal(SIGCONT);
  p.terminate();
  p.close_and_wait(60s);  // 0 or -SIGTERM: who comes first
  EXPECT_TRUE(p.returncode());
}

TEST(Popen, shows_itself) {
  Popen p({"sh", "-c", "exit 123"});
  EXPECT_EQ(p.to_string(), "<Popen: returncode: None args: sh -c 'exit 123'>");
  p.wait();
  EXPECT_EQ(p.to_string(), "<Popen: returncode: 123 args: sh -c 'exit 123'>");
  Popen q({"true", std::string(100, 'a')});
  EXPECT_EQ(q.to_string().size(), 80U);
  EXPECT_TRUE(q.to_string().ends_with("aaa...>"));
  Popen accents({"true", "x", "ééééééééééééééééééééééééééééééééééééééé"});
  EXPECT_LE(accents.to_string().size(), 80U);
  EXPECT_TRUE(accents.to_string().ends_with("é...>")) << accents.to_string();
}

TEST(Popen, reaps_what_was_dropped_at_the_next_start_although_that_fails) {
  int pid;
  {
    Popen p({"sleep", "1000"}, {.out = PIPE, .err = PIPE});
    pid = p.pid();
  }
  kill(pid, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_THROW(Popen({"/no/such"}, {.out = PIPE}), SpawnError);
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG), -1);
}

TEST(FailedStart, closes_nothing_that_another_thread_has_opened) {
  std::vector<int> opened;
  std::thread opener([&] {
    for (int i = 0; i < 2000; ++i) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) break;
      if (i % 100 == 0) {
        opened.insert(opened.end(), {ends[0], ends[1]});
      } else {
        close(ends[0]);
        close(ends[1]);
      }
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_THROW(Popen({"/no/such"}, {.in = PIPE, .out = PIPE, .err = PIPE}), SpawnError);
  }
  opener.join();
  EXPECT_EQ(opened.size(), 40U);
  for (int fd : opened) EXPECT_EQ(close(fd), 0);
}

TEST(FailedStart, leaves_the_callers_descriptors_open) {
  std::vector<int> own;
  for (int i = 0; i < 3; ++i) own.push_back(open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_THROW(Popen({"/no/such"}, {.in = own[0], .out = own[1], .err = own[2]}), SpawnError);
  for (int fd : own) EXPECT_EQ(close(fd), 0);
}

TEST(FailedStart, gives_the_error_that_the_call_itself_gives) {
  ASSERT_EQ(chdir("/no/such/dir"), -1);
  std::error_code direct(errno, std::generic_category());
  try {
    Popen p({"true"}, {.cwd = "/no/such/dir"});
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.code(), direct);
    EXPECT_EQ(error.subject(), "/no/such/dir");
    EXPECT_NE(std::string(error.what()).find(direct.message()), std::string::npos);
  }
}

TEST(FailedStart, says_that_there_may_be_no_more_processes) {
  EXPECT_EQ(in_forked_copy([]() -> std::string {
              // Limits do not hold for the privileged.
              if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return "cannot become nobody";
              rlimit none{0, 0};
              if (setrlimit(RLIMIT_NPROC, &none) != 0) return "no limit";
              try {
                Popen p({"true"}, {.in = PIPE});
              } catch (const SpawnError& error) {
                return error.code() == std::errc::resource_unavailable_try_again ? "" : error.what();
              }
              return "it started";
            }),
            "");
}

}  // namespace
}  // namespace cohort::subprocess
