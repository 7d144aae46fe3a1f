// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// How a process ends: exit codes, exceptions, what is written, what runs at the end.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <stdexcept>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {

// Not in the anonymous namespace: the stack trace is to name it.
[[gnu::noinline]] void throw_far_away() { throw std::out_of_range("too far"); }

namespace {

// In it: no table of the loader's has the name, only the symbols of the file.
[[gnu::noinline]] void throw_from_a_hidden_function() { throw std::out_of_range("too far"); }

class Exit : public EachMethod {
 protected:
  // Runs `f` with standard error in a file; the file's text.
  template <class... Args>
  std::string error_text_of(Process& p) {
    CapturedStream errors(2, scratch / "errors");
    p.start();
    EXPECT_TRUE(p.join(patience()));
    return errors.restore();
  }
};
COHORT_FOR_EACH_METHOD(Exit);

TEST_P(Exit, gives_the_code_of_system_exit) {
  EXPECT_EQ(finished([] {}).exitcode(), 0);
  EXPECT_EQ(finished([] { throw SystemExit(); }).exitcode(), 0);
  EXPECT_EQ(finished([] { throw SystemExit(8); }).exitcode(), 8);
  EXPECT_EQ(finished([] { throw SystemExit(true); }).exitcode(), 1);
  EXPECT_EQ(finished([] { throw SystemExit(-1); }).exitcode(), 255);
  EXPECT_EQ(finished([] { std::exit(5); }).exitcode(), 5);
  EXPECT_EQ(finished([] { ::_exit(6); }).exitcode(), 6);
}

TEST_P(Exit, writes_the_words_of_system_exit_and_gives_1) {
  Process p = process([] { throw SystemExit("ignore this"); });
  EXPECT_EQ(error_text_of(p), "ignore this\n");
  EXPECT_EQ(p.exitcode(), 1);
}

TEST_P(Exit, reports_an_exception_that_nobody_caught) {
  Process p = process({.name = "thrower"}, throw_far_away);
  std::string text = error_text_of(p);
  EXPECT_EQ(p.exitcode(), 1);
  auto lines = lines_of(text);
  ASSERT_GE(lines.size(), 3u) << text;
  EXPECT_EQ(lines.front(), "Process thrower:");
  EXPECT_EQ(lines.back(), "std::out_of_range: too far");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_NE(text.find("#0 cohort::test::throw_far_away()"), std::string::npos) << text;
#endif
}

TEST_P(Exit, reports_exceptions_of_any_type) {
  Process p = process({.name = "p"}, [] { throw 42; });
  EXPECT_NE(error_text_of(p).find("\nint: 42\n"), std::string::npos);
  EXPECT_EQ(p.exitcode(), 1);
  struct Odd {};
  Process q = process({.name = "p"}, [] { throw Odd{}; });
  EXPECT_NE(error_text_of(q).find("Odd"), std::string::npos);
  EXPECT_EQ(q.exitcode(), 1);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_P(Exit, names_functions_that_are_not_exported) {
  Process p = process({.name = "thrower"}, throw_from_a_hidden_function);
  const std::string text = error_text_of(p);
  EXPECT_NE(text.find("#0 cohort::test::(anonymous namespace)::throw_from_a_hidden_function() ("), std::string::npos)
      << text;
}
#endif

TEST_P(Exit, reports_what_is_nested_in_an_exception) {
  Process p = process({.name = "p"}, [] {
    try {
      try {
        throw 42;
      } catch (...) { std::throw_with_nested(std::out_of_range("too far")); }
    } catch (...) { std::throw_with_nested(std::runtime_error("no way")); }
  });
  const std::string text = error_text_of(p);
  EXPECT_TRUE(
      text.ends_with("\nstd::runtime_error: no way\nCaused by: std::out_of_range: too far\nCaused by: int: 42\n"))
      << text;
  EXPECT_EQ(p.exitcode(), 1);
}

TEST_P(Exit, ends_by_sigabrt_when_the_program_terminates) {
  Process p = process([]() noexcept { throw_far_away(); });
  (void)error_text_of(p);
  EXPECT_EQ(p.exitcode(), -SIGABRT);
  Process q = process([] { std::abort(); });
  (void)error_text_of(q);
  EXPECT_EQ(q.exitcode(), -SIGABRT);
}

TEST_P(Exit, writes_each_report_at_once) {
  // Many at a time, into one pipe-like file: no report may be cut by another.
  CapturedStream errors(2, scratch / "errors");
  std::vector<Process> all;
  for (int i = 0; i < 8; ++i) all.push_back(started(ProcessOptions{.name = "t" + std::to_string(i)}, throw_far_away));
  for (auto& p : all) EXPECT_TRUE(p.join(patience()));
  auto lines = lines_of(errors.restore());
  int open = 0;
  int reports = 0;
  for (const auto& line : lines) {
    if (line.rfind("Process t", 0) == 0) {
      EXPECT_EQ(open, 0) << "a report begins inside another";
      open = 1;
    }
    if (line == "std::out_of_range: too far") {
      EXPECT_EQ(open, 1);
      open = 0;
      ++reports;
    }
  }
  EXPECT_EQ(reports, 8);
}

TEST_P(Exit, flushes_the_streams_of_the_child) {
  CapturedStream out(1, scratch / "out");
  auto chatter = [] {
    std::cout << "from cout, no newline ";
    std::printf("from printf ");
    std::cerr << "from cerr";
    throw SystemExit(3);
  };
  Process p = process(chatter);
  std::string errors = error_text_of(p);
  EXPECT_EQ(out.restore(), "from cout, no newline from printf ");
  EXPECT_EQ(errors, "from cerr");
  EXPECT_EQ(p.exitcode(), 3);
}

TEST_P(Exit, does_not_write_the_parents_text_twice) {
  CapturedStream out(1, scratch / "out");
  std::printf("before ");
  std::cout << "start ";
  (void)finished([] { std::printf("child "); });
  std::printf("after");
  std::fflush(stdout);
  EXPECT_EQ(out.restore(), "before start child after");
}

TEST_P(Exit, does_not_mix_lines_of_several_children) {
  CapturedStream out(1, scratch / "out");
  auto chatter = [](int who) {
    std::string tail(60 + 10 * static_cast<std::size_t>(who), static_cast<char>('a' + who));
    for (int i = 0; i < 1000; ++i) {
      if (i % 2 == 0)
        std::cout << "line " << who << ' ' << i << ' ' << tail << '\n';
      else
        std::printf("line %d %d %s\n", who, i, tail.c_str());
    }
  };
  std::vector<Process> all;
  for (int who = 0; who < 8; ++who) all.push_back(started(chatter, who));
  for (auto& p : all) EXPECT_TRUE(p.join(patience()));
  std::map<int, int> next;
  for (const auto& line : lines_of(out.restore())) {
    std::istringstream in(line);
    std::string word, tail, more;
    int who = -1, i = -1;
    in >> word >> who >> i >> tail;
    ASSERT_TRUE(in && word == "line" && who >= 0 && who < 8) << line;
    ASSERT_EQ(i, next[who]++) << line;
    ASSERT_EQ(tail, std::string(60 + 10 * static_cast<std::size_t>(who), static_cast<char>('a' + who)));
    ASSERT_FALSE(in >> more) << line;
  }
  for (int who = 0; who < 8; ++who) EXPECT_EQ(next[who], 1000);
}

TEST_P(Exit, runs_finalizers_by_priority_then_latest_first) {
  auto body = [](const std::string& to) {
    auto note = [to](const std::string& what) { return [to, what] { say(to, what); }; };
    finalize(note("a0"), 0);
    finalize(note("b10"), 10);
    finalize(note("c0"), 0);
    finalize(note("d-5"), -5);
    Finalizer cancelled = finalize(note("never"), 20);
    Finalizer early = finalize(note("early"), 0);
    early();
    early();
    if (early.still_active()) say(to, "still active after it ran");
    cancelled.cancel();
    finalize(
        [to] {
          say(to, "throws");
          throw std::runtime_error("in a finalizer");
        },
        5);
    say(to, "body");
  };
  Process p = process(body, scratch / "log");
  std::string errors = error_text_of(p);
  EXPECT_EQ(file_text(scratch / "log"), "early\nbody\nb10\nthrows\nc0\na0\nd-5\n");
  EXPECT_NE(errors.find("Exception in finalizer:"), std::string::npos) << errors;
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(Exit, runs_no_finalizer_of_the_parent_and_none_when_killed) {
  std::string log = scratch / "log";
  Finalizer ours = finalize([log] { say(log, "the parent's"); });
  (void)finished([] {});
  auto body = [](const std::string& to) {
    finalize([to] { say(to, "killed"); });
    ::raise(SIGKILL);
  };
  (void)finished(body, log);
  EXPECT_EQ(file_text(log), "");
  EXPECT_TRUE(ours.still_active());
  ours.cancel();
}

// A forked copy has its parent's handlers, which must not run: finalize() is for it.
class ExitOfANewImage : public EachMethod {};
INSTANTIATE_TEST_SUITE_P(By, ExitOfANewImage, testing::Values(StartMethod::forkserver, StartMethod::spawn), method_of);
TEST_P(ExitOfANewImage, runs_the_childs_exit_handlers) {
  static std::string to;
  auto body = [](const std::string& path) {
    to = path;
    std::atexit([] { say(to, "atexit"); });
  };
  (void)finished(body, scratch / "log");
  EXPECT_EQ(file_text(scratch / "log"), "atexit\n");
}

TEST_P(Exit, joins_the_children_and_ends_the_daemons_of_a_child) {
  struct Middle {
    std::string log;
    std::string go;
    void run() {
      Process stays({.daemon = true}, [] {
        while (true) ::pause();
      });
      stays.start();
      say(log, std::to_string(*stays.pid()));
      Process works(
          [](const std::string& to, const std::string& gate) {
            await(gate);
            say(to, "worked");
          },
          log, go);
      works.start();
      finalize([to = log] { say(to, "after the children"); }, -1);
      finalize([to = log] { say(to, "before the children"); }, 1);
    }
  };
  Line go(scratch / "go");
  Process p = started(Middle{scratch / "log", go.path()});
  ASSERT_TRUE(eventually([&] { return file_text(scratch / "log").find("before") != std::string::npos; }));
  EXPECT_FALSE(p.join(0ms)) << "it waits for its child";
  go.tell();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
  auto lines = lines_of(file_text(scratch / "log"));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1], "before the children");
  EXPECT_EQ(lines[2], "worked");
  EXPECT_EQ(lines[3], "after the children");
  EXPECT_TRUE(eventually([&] { return ::kill(std::stoi(lines[0]), 0) != 0; })) << "the daemon lives";
}

TEST_P(Exit, passes_the_log_level_on) {
  Process p = process({.name = "logger"}, [] {
    get_logger().info("heard");
    get_logger().debug("not heard");
  });
  log_to_stderr(LogLevel::info);
  std::string text = error_text_of(p);
  get_logger().set_sink({});
  get_logger().set_level(LogLevel::off);
  EXPECT_NE(text.find("[INFO/logger] heard\n"), std::string::npos) << text;
  EXPECT_NE(text.find("[INFO/logger] process exiting with exit code 0\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("not heard"), std::string::npos) << text;
}

TEST_P(Exit, works_with_closed_standard_streams) {
  int saved_out = ::fcntl(1, F_DUPFD_CLOEXEC, 10);
  int saved_error = ::fcntl(2, F_DUPFD_CLOEXEC, 10);
  int saved_in = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
  auto chatter = [](const std::string& to) {
    std::cout << "lost" << std::endl;
    std::cerr << "lost" << std::endl;
    say(to, "ran");
  };
  Process p = process(chatter, scratch / "log");
  for (int fd : {0, 1, 2}) ::close(fd);
  std::exception_ptr error;
  try {
    p.start();
    p.join(patience());
  } catch (...) { error = std::current_exception(); }
  ::dup2(saved_in, 0);
  ::dup2(saved_out, 1);
  ::dup2(saved_error, 2);
  for (int fd : {saved_in, saved_out, saved_error}) ::close(fd);
  if (error) std::rethrow_exception(error);
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_EQ(file_text(scratch / "log"), "ran\n");
}

TEST(Finalizer, knows_whether_it_still_will_run) {
  Finalizer empty;
  EXPECT_FALSE(empty.still_active());
  empty();
  int runs = 0;
  Finalizer f = finalize([&] { ++runs; });
  EXPECT_TRUE(f.still_active());
  f();
  EXPECT_FALSE(f.still_active());
  f();
  EXPECT_EQ(runs, 1);
}

TEST(Finalizer, may_be_registered_and_run_by_many_threads) {
  std::atomic<int> runs{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        Finalizer f = finalize([&] { ++runs; });
        if (i % 2 == 0)
          f();
        else
          f.cancel();
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(runs, 4 * 250);
}

TEST(RegisterAfterFork, runs_in_forked_children_in_the_order_of_registration) {
  static std::string text;
  static std::string to;
  ScratchDirectory scratch;
  to = scratch / "log";
  static bool registered = false;  // for as long as the program runs, so once also when the case is repeated
  if (!registered) {
    register_after_fork([] { text += "one "; });
    register_after_fork([] { text += "two "; });
    registered = true;
  }
  ForkProcess p([] { say(to, text + "body"); });
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(file_text(to), "one two body\n");
  EXPECT_EQ(text, "");
  // A generation more does not double them.
  ForkProcess q([] {
    text.clear();
    ForkProcess r([] { say(to, text + "body"); });
    r.start();
    r.join();
  });
  q.start();
  EXPECT_TRUE(q.join(patience()));
  EXPECT_EQ(lines_of(file_text(to)).back(), "one two body");
}

TEST(ForkProcess, may_capture_anything) {
  ScratchDirectory scratch;
  auto value = std::make_unique<int>(7);
  std::string to = scratch / "log";
  ForkProcess p([&] { say(to, std::to_string(*value)); });
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.start_method(), StartMethod::fork);
  EXPECT_EQ(file_text(to), "7\n");
}

}  // namespace
}  // namespace cohort::test
