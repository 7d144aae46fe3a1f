// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The stack of an exception, taken where it is thrown.
#include "os/unwind.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

namespace cohort::os {
namespace {

TEST(Unwind, passes_thread_cancellation_through) {
  // A forced unwinding that were caught or traced would end in terminate().
  std::atomic<bool> ready{false};
  std::thread worker([&] {
    call_with_trace(
        [](void* raw) {
          *static_cast<std::atomic<bool>*>(raw) = true;
          while (true) ::pause();
        },
        &ready);
  });
  while (!ready) std::this_thread::yield();
  ::pthread_cancel(worker.native_handle());
  worker.join();
}

TEST(Unwind, demangles_what_it_can) {
  EXPECT_EQ(demangle("St12out_of_range"), "std::out_of_range");
  EXPECT_EQ(demangle("not mangled"), "not mangled");
}

[[gnu::noinline]] void throw_here(void*) { throw std::runtime_error("here"); }

TEST(Unwind, keeps_the_stack_of_what_nobody_above_caught) {
  EXPECT_THROW(call_with_trace(&throw_here, nullptr), std::runtime_error);
  const StackTrace trace = take_trace();
  ASSERT_FALSE(trace.frames.empty());
  const std::string text = format_trace(trace);
  EXPECT_EQ(text.find("  #0 "), 0u) << text;
  EXPECT_NE(text.find("+0x"), std::string::npos) << text;
  EXPECT_TRUE(take_trace().frames.empty()) << "it is taken once";
}

TEST(Unwind, records_nothing_of_what_is_caught_within) {
  call_with_trace(
      [](void*) {
        try {
          throw_here(nullptr);
        } catch (const std::runtime_error&) {  // NOLINT(bugprone-empty-catch): that it was caught is what counts
        }
      },
      nullptr);
  EXPECT_TRUE(take_trace().frames.empty());
  EXPECT_EQ(format_trace({}), "");
}

}  // namespace
}  // namespace cohort::os
