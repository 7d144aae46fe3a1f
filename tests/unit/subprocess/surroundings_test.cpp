// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What surrounds a call: no standard streams, no more processes allowed, a storm of signals, too much to pass on,
// nobody who may reap, forks of other threads, no descriptor to look for descendants with. Every way of running in each
// of them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
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
#include "unit/subprocess/forked_copy.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

// Each way to give a program some input and get its output, by name.
struct Way {
  const char* name;
  std::function<std::string(const Command&, const Options&)> go;
};

std::vector<Way> ways() {
  auto with = [](Options options) {
    options.input = "word";
    options.out = PIPE;
    options.err = DEVNULL;
    return options;
  };
  return {
      {"run", [with](const Command& c, const Options& o) { return run(c, with(o)).out; }},
      {"check_output",
       [](const Command& c, Options o) {
         o.input = "word";
         return check_output(c, o);
       }},
      {"Popen",
       [](const Command& c, Options o) {
         o.in = o.out = PIPE;
         return Popen(c, o).communicate("word", 60s).out;
       }},
      {"run_async", [with](const Command& c, const Options& o) { return run_async(c, with(o)).get(60s).out; }},
      {"pipeline", [with](const Command& c, const Options& o) { return pipeline({c, {"cat"}}).run(with(o)).out; }},
      {"pipeline async",
       [with](const Command& c, const Options& o) { return pipeline({c, {"cat"}}).run_async(with(o)).get(60s).out; }},
  };
}

TEST(Surroundings, without_any_of_the_standard_streams_change_no_result) {
  for (unsigned closed = 1; closed < 8; ++closed) {
    for (const Way& way : ways()) {
      std::string complaint = in_forked_copy([&]() -> std::string {
        for (int fd = 0; fd < 3; ++fd) {
          if ((closed >> fd & 1U) != 0) close(fd);
        }
        for (int round = 0; round < 2; ++round) {
          std::string out = way.go({"cat"}, {});
          if (out != "word") return "gave '" + out + "'";
        }
        for (int fd = 0; fd < 3; ++fd) {
          if ((closed >> fd & 1U) != 0 && fcntl(fd, F_GETFD) >= 0) return std::to_string(fd) + " is taken";
        }
        return "";
      });
      EXPECT_EQ(complaint, "") << way.name << ", closed: " << closed;
    }
  }
}

// Ids that no process has: the limit counts all of a user's.
uid_t lonely_user() { return 40000U + static_cast<uid_t>(getpid()) % 20000U; }

TEST(Surroundings, that_allow_no_more_processes_are_an_error_of_starting_and_leave_nothing) {
  if (getuid() != 0) GTEST_SKIP() << "needs root to become another user";
  for (const Way& way : ways()) {
    std::string complaint = in_forked_copy([&]() -> std::string {
      if (std::string(way.name).find("async") != std::string::npos)
        (void)run_async({"true"}).get(60s);  // its thread counts
      if (setgid(lonely_user()) != 0 || setuid(lonely_user()) != 0) return "cannot become another user";
      rlimit none{1, 1};
      if (setrlimit(RLIMIT_NPROC, &none) != 0) return "no limit";
      try {
        return "gave " + way.go({"cat"}, {});
      } catch (const SpawnError& error) {
        if (error.code() != std::errc::resource_unavailable_try_again) return error.what();
      }
      return waitpid(-1, nullptr, WNOHANG) == -1 ? "" : "a child is left";
    });
    EXPECT_EQ(complaint, "") << way.name;
  }
}

std::atomic<unsigned> alarms{0};
void count_alarm(int) { alarms.fetch_add(1); }

// Sends SIGALRM to the process every millisecond, as long as it lives; system calls are not restarted.
struct Storm {
  timer_t timer{};
  Storm() {
    struct sigaction action{};
    action.sa_handler = count_alarm;
    sigaction(SIGALRM, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    itimerspec every{{0, 1'000'000}, {0, 1'000'000}};
    timer_settime(timer, 0, &every, nullptr);
  }
  ~Storm() { timer_delete(timer); }
};

TEST(Surroundings, with_a_thousand_signals_a_second_change_no_result) {
  const std::string much(300000, 'x');
  for (const Way& way : ways()) {
    std::string complaint = in_forked_copy([&]() -> std::string {
      Storm storm;
      for (int round = 0; round < 5; ++round) {
        if (std::string out = way.go({"cat"}, {}); out != "word") return "gave '" + out + "'";
        Options much_in{.input = much, .out = PIPE, .timeout = 60s};
        if (run({"cat"}, much_in).out != much) return "lost some of much";
        auto start = std::chrono::steady_clock::now();
        try {
          run({"sleep", "60"}, {.timeout = 100ms});
          return "no timeout";
        } catch (const TimeoutExpired&) {
          if (std::chrono::steady_clock::now() - start < 100ms) return "too early a timeout";
        }
      }
      return alarms.load() > 10 ? "" : "there was no storm";
    });
    EXPECT_EQ(complaint, "") << way.name;
  }
}

TEST(Surroundings, with_too_much_to_pass_on_are_an_error_that_says_so) {
  const std::string page(130000, 'x');
  Command many({"cat"});
  std::vector<std::string> words{"cat"};
  for (int i = 0; i < 100; ++i) words.push_back(page);
  const Command long_command(words);
  const Command one_word(std::vector<std::string>{"cat", std::string(200000, 'x')});
  Options large;
  for (int i = 0; i < 100; ++i) large.env_set["COHORT_TEST_" + std::to_string(i)] = page;
  for (const Way& way : ways()) {
    for (const auto& [command, options] : {std::pair(long_command, Options{}), {one_word, Options{}}, {many, large}}) {
      try {
        way.go(command, options);
        ADD_FAILURE() << way.name << " started it";
      } catch (const SpawnError& error) {
        EXPECT_EQ(error.code(), std::errc::argument_list_too_long) << way.name << ": " << error.what();
        EXPECT_LT(std::string(error.what()).size(), 4000U) << way.name;
      }
      EXPECT_EQ(way.go({"cat"}, {}), "word") << way.name;
    }
  }
}

TEST(Surroundings, that_reap_by_themselves_hide_the_code_and_nothing_else) {
  for (bool flag : {false, true}) {
    for (const Way& way : ways()) {
      std::string complaint = in_forked_copy([&]() -> std::string {
        struct sigaction action{};
        action.sa_handler = flag ? SIG_DFL : SIG_IGN;
        action.sa_flags = flag ? SA_NOCLDWAIT : 0;
        sigaction(SIGCHLD, &action, nullptr);
        for (int round = 0; round < 3; ++round) {
          try {
            if (std::string out = way.go({"cat"}, {}); out != "word") return "gave '" + out + "'";
          } catch (const CalledProcessError& error) {  // an unknown code is no success
            if (std::string(way.name) != "check_output" || error.out() != "word") return error.what();
          }
        }
        try {
          run({"sleep", "60"}, {.timeout = 100ms});
          return "no timeout";
        } catch (const TimeoutExpired&) {}  // NOLINT(bugprone-empty-catch): right
        Popen ended({"true"});
        (void)ended.wait(60s);
        return run({"true"}).status.kind() == ExitStatus::Kind::unknown ? "" : "the code is known";
      });
      EXPECT_EQ(complaint, "") << way.name << (flag ? ", SA_NOCLDWAIT" : ", SIG_IGN");
    }
  }
}

TEST(Surroundings, in_which_other_threads_fork_change_no_result) {
  std::string complaint = in_forked_copy([]() -> std::string {
    std::atomic<bool> stop{false};
    std::thread forks([&] {
      while (!stop) {
        pid_t copy = fork();
        if (copy == 0) _exit(0);
        if (copy > 0) waitpid(copy, nullptr, 0);
      }
    });
    std::atomic<int> wrong{0};
    std::vector<std::thread> runs;
    for (const Way& way : ways()) {
      runs.emplace_back([&wrong, way] {
        try {
          for (int round = 0; round < 10; ++round) wrong += way.go({"cat"}, {}) == "word" ? 0 : 1;
        } catch (const std::exception&) { ++wrong; }
      });
    }
    for (std::thread& thread : runs) thread.join();
    stop = true;
    forks.join();
    return wrong == 0 ? "" : std::to_string(wrong) + " were wrong";
  });
  EXPECT_EQ(complaint, "");
}

TEST(Surroundings, without_a_descriptor_left_keep_no_descendant_alive_after_a_timeout) {
  std::string complaint = in_forked_copy([]() -> std::string {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    Popen program({"sh", "-c", "sleep 86400 & echo $!; sleep 86400 & echo $!; wait"}, {.out = PIPE});
    std::vector<pid_t> descendants;
    for (int i = 0; i < 2; ++i) descendants.push_back(std::atoi(program.out().read_line(60s).value_or("").c_str()));
    rlimit none{0, 1024};
    getrlimit(RLIMIT_NOFILE, &none);
    std::vector<os::Fd> all;
    while (true) {
      int copy = fcntl(2, F_DUPFD_CLOEXEC, 0);
      if (copy < 0) break;
      all.emplace_back(copy);
    }
    TreeKill reached = program.kill_tree();
    (void)program.wait(60s);
    all.clear();
    std::string left;
    for (pid_t one : descendants) {  // ours to reap, now that their parent is gone
      int status = 0;
      for (int i = 0; i < 1000 && waitpid(one, &status, WNOHANG) == 0; ++i) usleep(10000);
      if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) left += " " + std::to_string(one);
      kill(one, SIGKILL);
    }
    if (!left.empty()) return "still there:" + left;
    return reached == TreeKill::walk ? "" : "says " + std::string(to_string(reached));
  });
  EXPECT_EQ(complaint, "");
}

}  // namespace
}  // namespace cohort::subprocess
