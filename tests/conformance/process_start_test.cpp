// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// Choosing a start method, starting from several threads, and what must refuse to start.

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "conformance/process_conformance.hpp"
#include "os/module.hpp"

namespace cohort::test {

// An argument that asks the system for something when it is encoded, in vain.
struct OfAFile {};

}  // namespace cohort::test

template <>
struct cohort::Codec<cohort::test::OfAFile> {
  static void encode(Encoder&, const cohort::test::OfAFile&) { throw OsError(ENOENT, "open", "/no/such/file"); }
  static cohort::test::OfAFile decode(Decoder&) { return {}; }
};

namespace cohort::test {
namespace {

class Start : public EachMethod {};
COHORT_FOR_EACH_METHOD(Start);
// fork is refused where there are threads.
class StartWithThreads : public EachMethod {};
INSTANTIATE_TEST_SUITE_P(By, StartWithThreads, testing::Values(StartMethod::forkserver, StartMethod::spawn), method_of);

// ---- what is thrown -------------------------------------------------------------------------------------------------

TEST_P(Start, throws_what_the_codec_of_an_argument_throws) {
  if (GetParam() == StartMethod::fork) GTEST_SKIP() << "arguments are inherited";
  Process p({.start_method = GetParam()}, [](OfAFile) {}, OfAFile());
  try {
    p.start();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const SpawnError& e) { ADD_FAILURE() << "not as it was: " << e.what(); } catch (const OsError& e) {
    EXPECT_EQ(e.subject(), "/no/such/file");
  }
}

// ---- the choice -----------------------------------------------------------------------------------------------------

TEST(StartMethod, has_names_and_a_default_first) {
  auto all = get_all_start_methods();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], StartMethod::forkserver);
  for (StartMethod method : all) EXPECT_EQ(start_method_from_name(to_string(method)), method);
  EXPECT_THROW((void)start_method_from_name("telepathy"), ValueError);
  EXPECT_THROW((void)get_context("telepathy"), ValueError);
}

TEST(StartMethod, is_set_once_unless_forced) {
  ForkProcess p([] {  // a copy, as the choice is for a program's life
    set_start_method(StartMethod::spawn, true);
    bool refused = false;
    try {
      set_start_method("fork");
    } catch (const StateError&) { refused = true; }
    if (!refused || get_start_method() != StartMethod::spawn) throw SystemExit(1);
    set_start_method("fork", true);
    if (get_start_method_if_set() != StartMethod::fork) throw SystemExit(2);
    if (get_context().get_start_method() != StartMethod::fork) throw SystemExit(3);
    throw SystemExit(42);
  });
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 42);
}

TEST_P(Start, is_inherited_by_grandchildren) {
  auto middle = [](const std::string& to) {
    Process leaf([](const std::string& out) { say(out, std::string(to_string(*current_process().start_method))); }, to);
    leaf.start();
    leaf.join();
  };
  (void)finished(middle, scratch / "log");
  EXPECT_EQ(file_text(scratch / "log"), std::string(to_string(GetParam())) + "\n");
}

TEST_P(Start, mixes_with_the_other_methods_below) {
  struct Middle {
    std::string to;
    void run() const {
      for (StartMethod method : get_all_start_methods()) {
        Process leaf = get_context(method).process(
            [](const std::string& out) { say(out, std::string(to_string(*current_process().start_method))); }, to);
        leaf.start();
        leaf.join();
        if (leaf.exitcode() != 0 || leaf.start_method() != method) throw SystemExit(1);
      }
    }
  };
  EXPECT_EQ(finished(Middle{scratch / "log"}).exitcode(), 0);
  EXPECT_EQ(file_text(scratch / "log"), "forkserver\nspawn\nfork\n");
}

// ---- threads --------------------------------------------------------------------------------------------------------

TEST_P(StartWithThreads, start_from_four_threads_at_once) {
  std::atomic<int> fine{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < (GetParam() == StartMethod::spawn ? 5 : 25); ++i) {
        Process p = process([](int n) { throw SystemExit(n); }, 7);
        p.start();
        if (p.join(patience()) && p.exitcode() == 7) ++fine;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(fine, 4 * (GetParam() == StartMethod::spawn ? 5 : 25));
}

TEST_P(Start, lets_several_threads_join_one_child_and_others_start_meanwhile) {
  Line go(scratch / "go");
  Process p = started(
      [](const std::string& gate) {
        await(gate);
        throw SystemExit(3);
      },
      go.path());
  std::atomic<int> fine{0};
  std::vector<std::thread> joiners;
  for (int t = 0; t < 4; ++t)
    joiners.emplace_back([&] {
      if (p.join(patience()) && p.exitcode() == 3 && p.exit_status()->code() == 3) ++fine;
    });
  // A join that waits must keep nobody from a quick look, nor from starting another.
  EXPECT_FALSE(p.join(1ms));
  EXPECT_TRUE(p.is_alive());
  EXPECT_TRUE(shares_image() || finished([] {}).exitcode() == 0);
  go.tell();
  for (auto& t : joiners) t.join();
  EXPECT_EQ(fine, 4);
}

TEST_P(Start, keeps_children_whose_starting_thread_has_ended) {
  Line go(scratch / "go");
  Process p = process([](const std::string& gate) { await(gate); }, go.path());
  if (shares_image()) {
    Process q = process(ProcessOptions{.force_fork = true}, [](const std::string& gate) { await(gate); }, go.path());
    p = std::move(q);
  }
  std::thread([&] { p.start(); }).join();
  EXPECT_FALSE(p.join(50ms)) << "it ended with the thread";
  go.tell();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST(Fork, is_refused_with_threads_unless_forced) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) std::this_thread::yield();
  });
  Process p({.start_method = StartMethod::fork}, [] {});
  try {
    p.start();
    ADD_FAILURE() << "started";
  } catch (const StateError& e) {
    EXPECT_NE(std::string(e.what()).find("2 threads"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("forkserver"), std::string::npos) << e.what();
  }
  EXPECT_FALSE(p.pid());
  Process forced({.start_method = StartMethod::fork, .force_fork = true}, [] {});
  forced.start();
  EXPECT_TRUE(forced.join(patience()));
  EXPECT_EQ(forced.exitcode(), 0);
  stop = true;
  other.join();
  p.start();  // allowed now
  EXPECT_TRUE(p.join(patience()));
}

TEST(Fork, finds_the_librarys_own_locks_free_in_the_copy) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  // A sink with a lock of its own, which must be free in the copy too, and that asks the library.
  std::mutex sink_mutex;
  get_logger().set_sink([&](LogLevel, std::string_view) {
    std::lock_guard guard(sink_mutex);
    (void)current_process();
  });
  get_logger().set_level(LogLevel::info);
  for (int t = 0; t < 3; ++t)
    busy.emplace_back([&] {
      while (!stop) {
        get_logger().info("busy");
        finalize([] {}).cancel();
        (void)current_process();
        (void)current_authkey();
      }
    });
  // A fork copies a sanitizer's memory map too, which takes many times as long.
  const int rounds = kAddressSanitizer || kThreadSanitizer ? 40 : 200;
  for (int i = 0; i < rounds; ++i) {
    Process p({.start_method = StartMethod::fork, .force_fork = true}, [] { get_logger().info("in the child"); });
    p.start();
    bool ended = p.join(patience());
    EXPECT_TRUE(ended) << "child " << i << " hangs";
    if (!ended) {
      p.kill();
      break;
    }
  }
  stop = true;
  for (auto& thread : busy) thread.join();
  get_logger().set_level(LogLevel::off);
  get_logger().set_sink({});
}

TEST(Fork, works_in_a_child_that_watches_its_parent_by_a_thread) {
  ForkProcess p([] {
    ForkProcess q([] { throw SystemExit(5); });
    q.start();
    q.join();
    throw SystemExit(*q.exitcode());
  });
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 5);
}

// ---- preload --------------------------------------------------------------------------------------------------------

int preloaded = 0;
void preload_number() { preloaded = 42; }
void preload_failure() { throw std::runtime_error("no such table"); }
void preload_thread() {
  std::thread([] {
    while (true) ::pause();
  }).detach();
}

TEST(Preload, is_inherited_by_children_of_the_fork_server) {
  detail::stop_fork_servers();
  set_forkserver_preload<preload_number>();
  Process p({.start_method = StartMethod::forkserver}, [] { throw SystemExit(preloaded); });
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 42);
}

// In copies, as what is preloaded stays so for a program's life.
TEST(Preload, reports_a_function_that_fails_at_the_first_start) {
  detail::stop_fork_servers();
  ForkProcess program([] {
    set_forkserver_preload<preload_failure>();
    Process p({.start_method = StartMethod::forkserver}, [] {});
    for (int i = 0; i < 2; ++i) {
      try {
        p.start();
        throw SystemExit(1);
      } catch (const BootstrapError& e) {
        std::string text = e.what();
        if (text.find("std::runtime_error: no such table") == std::string::npos) throw SystemExit(text);
      }
    }
    if (!active_children().empty()) throw SystemExit(2);
    throw SystemExit(42);
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 42);
}

TEST(Preload, spawns_instead_when_a_function_starts_a_thread) {
  detail::stop_fork_servers();
  ForkProcess program([] {
    set_forkserver_preload<preload_thread>();
    for (unsigned i = 1; i <= 2; ++i) {
      Process p({.start_method = StartMethod::forkserver}, [] { throw SystemExit(7); });
      p.start();
      p.join();
      if (p.exitcode() != 7 || p.start_method() != StartMethod::spawn) throw SystemExit(1);
      if (detail::fork_server_fallbacks().spawned_instead != i) throw SystemExit(2);
    }
    throw SystemExit(42);
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 42);
}

// ---- another executable, a launcher ---------------------------------------------------------------------------------

TEST(Executable, may_be_named_and_must_be_this_build) {
  ForkProcess program([] {
    set_executable(os::executable_path());
    Process p({.start_method = StartMethod::spawn}, [] { throw SystemExit(7); });
    p.start();
    p.join();
    if (p.exitcode() != 7) throw SystemExit(1);
    set_executable("/bin/true");
    Process q({.start_method = StartMethod::spawn}, [] {});
    try {
      q.start();
      throw SystemExit(2);
    } catch (const BootstrapError& e) {
      if (std::string(e.what()).find("another build") == std::string::npos) throw SystemExit(e.what());
    }
    set_executable("/no/such/program");
    Process r({.start_method = StartMethod::spawn}, [] {});
    try {
      r.start();
      throw SystemExit(3);
    } catch (const SpawnError& e) {
      if (e.subject() != "/no/such/program") throw SystemExit(e.what());
    }
    if (!active_children().empty()) throw SystemExit(4);
    throw SystemExit(42);
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 42);
}

TEST(Launcher, runs_workers_under_another_program) {
  // One that executes its program in its place, and one that stays between.
  for (const char* launcher : {"env COHORT_TEST_LAUNCHED=1", "timeout 100"}) {
    detail::stop_fork_servers();
    ::setenv("COHORT_LAUNCHER", launcher, 1);
    for (StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
      Process p({.start_method = method}, [] { throw SystemExit(7); });
      p.start();
      EXPECT_TRUE(p.join(patience()));
      EXPECT_EQ(p.exitcode(), 7) << launcher << " " << to_string(method);
    }
    ::unsetenv("COHORT_LAUNCHER");
    detail::stop_fork_servers();
  }
}

}  // namespace
}  // namespace cohort::test
