// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads for the library's own use.
#include "os/thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "cohort/base/deadline.hpp"
#include "cohort/base/log.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

TEST(Thread, runs_with_all_signals_blocked) {
  struct Result {
    std::atomic<int> blocked{-1};
  };
  static Result result;
  start_thread(
      [](void* raw) {
        sigset_t mask = signal_mask();
        static_cast<Result*>(raw)->blocked = sigismember(&mask, SIGTERM);
        return false;
      },
      &result, "test", 16 * 1024);
  Deadline patience = 30s;
  while (result.blocked < 0 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(result.blocked, 1);
  EXPECT_EQ(settled_thread_count(1), 1);
}

TEST(Thread, logs_an_exception_of_any_type_and_takes_the_next_turn) {
  struct NullText : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
  };
  static std::atomic<int> turns{0};
  std::atomic<int> lines{0};
  get_logger().set_sink([&](LogLevel, std::string_view) {
    ++lines;
    throw std::runtime_error("a sink of the user's, on our thread");
  });
  get_logger().set_level(LogLevel::error);
  {
    Thread thread(
        [](void*) -> bool {
          switch (++turns) {
            case 1: throw std::runtime_error("one");
            case 2: throw NullText();
            case 3: throw 3;
            default: return turns < 5;
          }
        },
        nullptr, "test", 64 * 1024);
  }
  get_logger().set_sink({});
  get_logger().set_level(LogLevel::off);
  EXPECT_EQ(turns, 5);
  EXPECT_EQ(lines, 3);
}

TEST(Thread, of_the_library_does_not_count_as_one_of_the_programs) {
  static std::atomic<bool> stop{false};
  const int before = library_threads();
  {
    Thread thread([](void*) -> bool { return !stop; }, nullptr, "test", 64 * 1024);
    Deadline patience = 30s;
    while (library_threads() != before + 1 && !patience.expired()) std::this_thread::yield();
    EXPECT_EQ(library_threads(), before + 1);
    stop = true;
  }
  EXPECT_EQ(library_threads(), before);
}

TEST(ContainExceptions, logs_them_and_goes_on) {
  std::atomic<int> lines{0};
  get_logger().set_sink([&](LogLevel, std::string_view) { ++lines; });
  get_logger().set_level(LogLevel::error);
  contain_exceptions("test", [] { throw std::runtime_error("one"); });
  contain_exceptions("test", [] {});
  get_logger().set_sink({});
  get_logger().set_level(LogLevel::off);
  EXPECT_EQ(lines, 1);
}

}  // namespace
}  // namespace cohort::os
