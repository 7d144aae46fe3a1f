// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The logger: levels, lines, the sink that may do anything.
#include "cohort/base/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/in_copy.hpp"

namespace cohort {
namespace {

class Log : public testing::Test {
 protected:
  Log() {
    get_logger().set_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
    get_logger().set_level(LogLevel::info);
  }
  ~Log() override {
    get_logger().set_sink({});
    get_logger().set_level(LogLevel::off);
  }
  std::vector<std::string> lines;
};

TEST_F(Log, gives_lines_as_python_does) {
  get_logger().info("child started");
  EXPECT_EQ(lines, std::vector<std::string>{"[INFO/MainProcess] child started\n"});
}

TEST_F(Log, drops_what_is_below_its_level) {
  get_logger().debug("no");
  get_logger().subdebug("no");
  EXPECT_TRUE(lines.empty());
  EXPECT_FALSE(get_logger().enabled(LogLevel::debug));
  EXPECT_TRUE(get_logger().enabled(LogLevel::warning));
  get_logger().set_level(LogLevel::off);
  get_logger().error("no");
  EXPECT_TRUE(lines.empty());
}

TEST_F(Log, names_levels_of_its_own_and_of_others) {
  EXPECT_EQ(to_string(LogLevel::subdebug), "SUBDEBUG");
  EXPECT_EQ(to_string(LogLevel::error), "ERROR");
  EXPECT_EQ(to_string(static_cast<LogLevel>(31)), "LEVEL 31");
}

TEST_F(Log, waits_for_calls_of_a_sink_before_it_is_replaced) {
  std::atomic<bool> inside{false}, leave{false};
  get_logger().set_sink([&](LogLevel, std::string_view) {
    inside = true;
    while (!leave) std::this_thread::yield();
  });
  std::thread logs([] { get_logger().info("x"); });
  while (!inside) std::this_thread::yield();
  std::atomic<bool> replaced{false};
  std::thread replaces([&] {
    get_logger().set_sink({});
    replaced = true;
  });
  EXPECT_FALSE(replaced);
  leave = true;
  logs.join();
  replaces.join();
  EXPECT_TRUE(replaced);
}

TEST_F(Log, lets_a_sink_log_and_replace_itself) {
  int calls = 0;
  get_logger().set_sink([&](LogLevel, std::string_view) {
    if (++calls == 1) get_logger().info("from within");
    get_logger().set_sink({});
  });
  get_logger().info("first");
  get_logger().info("nowhere");
  EXPECT_EQ(calls, 2);
}

TEST_F(Log, is_usable_in_a_fork_that_its_guard_surrounds) {
  EXPECT_EQ(test::in_copy([] { return 0; }), 0);
  log::ForkGuard guard;
  EXPECT_EQ(test::in_copy([&] {
              guard.in_child();
              return 0;
            }),
            0);
}

TEST(LogToStderr, is_known_until_another_sink_is_set) {
  EXPECT_EQ(test::in_copy([] {
              log_to_stderr(LogLevel::error);
              if (!log::to_stderr() || get_logger().level() != LogLevel::error) return 1;
              get_logger().set_sink({});
              return log::to_stderr() ? 2 : 0;
            }),
            0);
}

}  // namespace
}  // namespace cohort
