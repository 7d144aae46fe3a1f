// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory runs out at each single allocation of a call in turn. The call throws or works; no program, no descriptor is
// left.
#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>

#include "cohort/subprocess.hpp"
#include "os/child.hpp"

namespace {

// While it is set, on whichever thread: how many more allocations succeed, and how many fail then.
std::atomic<bool> runs_out{false};
std::atomic<long> allocations_left{0};
std::atomic<long> failures_left{0};

void* allocate(std::size_t size) {
  if (runs_out) {
    long left = allocations_left.load();
    while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) {}
    if (left == 0 && failures_left.fetch_sub(1) > 0) throw std::bad_alloc();
  }
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(misc-new-delete-overloads)

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

int descriptors_open() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return -1;
  int count = 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// Those of objects that are gone are reaped here once they have ended, so that what is found runs.
bool has_children() {
  (void)os::Child::reap_abandoned();
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Calls with `failures` allocations in a row that fail, from the first on, then from the second on, and so on, to the
// one that has none.
void expect_nothing_left(const std::function<void()>& call, long failures) {
  call();  // what is made once for the life of the process
  const int open = descriptors_open();
  bool failed = true;
  for (long n = 0; failed && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    allocations_left = n;
    failures_left = failures;
    runs_out = true;
    try {
      call();
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): as it may
    }
    runs_out = false;
    failed = failures_left < failures;
    // What was killed while memory was short may end a moment later.
    for (const Deadline limit = 10s; (has_children() || descriptors_open() > open) && !limit.expired();) ::usleep(1000);
    EXPECT_FALSE(has_children());
    EXPECT_EQ(descriptors_open(), open);
  }
}

// One failure, and so many that nothing can be had until the call has ended.
class NoMemory : public testing::TestWithParam<long> {};
INSTANTIATE_TEST_SUITE_P(, NoMemory, testing::Values(1, 1'000'000),
                         [](const auto& which) { return std::string(which.param == 1 ? "once" : "for_good"); });

const Options kEcho{.input = "some words", .out = PIPE, .err = PIPE};

TEST_P(NoMemory, leaves_no_program_of_run) {
  expect_nothing_left([] { (void)run({"/bin/cat"}, kEcho); }, GetParam());
}

TEST_P(NoMemory, leaves_no_program_that_passes_its_time_limit) {
  const Options options{.out = PIPE, .timeout = 20ms};
  expect_nothing_left(
      [&] {
        try {
          (void)run({"/bin/sleep", "1000"}, options);
        } catch (const TimeoutExpired&) {  // NOLINT(bugprone-empty-catch): what it is about
        }
      },
      GetParam());
}

TEST_P(NoMemory, leaves_no_program_of_popen) {
  expect_nothing_left(
      [] {
        Popen program({"/bin/sleep", "1000"}, {.in = PIPE, .out = PIPE, .err = PIPE});
        program.kill();
        program.wait();
      },
      GetParam());
}

TEST_P(NoMemory, leaves_no_program_of_a_pipeline) {
  expect_nothing_left([] { (void)pipeline({{"/bin/cat"}, {"/bin/cat"}, {"/bin/cat"}}).run(kEcho); }, GetParam());
}

// Once: while there is none at all, the thread that serves them all waits for memory.
TEST(NoMemoryOnce, leaves_no_program_of_run_async) {
  expect_nothing_left(
      [] {
        AsyncRun running = run_async({"/bin/cat"}, kEcho);
        EXPECT_TRUE(running.wait(10s));
        if (running.done()) (void)running.get();
      },
      1);
}

}  // namespace
}  // namespace cohort::subprocess
