// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The price of a launch must not grow with the parent's memory. That is shown by what a copy of the memory cannot hide:
// after a fork each page of the parent that is written faults once more, because it is shared until then. And by time,
// with a bound that a fork misses by far.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <string>

#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "os/spawn.hpp"

namespace cohort::subprocess {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMiB = std::size_t{1} << 20;

std::size_t available_bytes() {
  std::size_t least = SIZE_MAX;
  std::ifstream info("/proc/meminfo");
  for (std::string name; info >> name;) {
    std::size_t kib = 0;
    if (name == "MemAvailable:" && info >> kib) least = std::min(least, kib * 1024);
  }
  // A container may allow less than the machine has.
  std::size_t most = 0, used = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> most && std::ifstream("/sys/fs/cgroup/memory.current") >> used) {
    least = std::min(least, most - std::min(most, used));
  }
  return least;
}

// Memory that was written to, in small pages, as a heap that grew bit by bit has.
class Touched {
 public:
  explicit Touched(std::size_t bytes) : bytes_(bytes) {
    void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return;
    madvise(start, bytes, MADV_NOHUGEPAGE);
    start_ = static_cast<volatile char*>(start);
#if defined(MADV_POPULATE_WRITE)
    if (madvise(start, bytes, MADV_POPULATE_WRITE) == 0) return;
#endif
    touch(bytes / kPage);
  }
  ~Touched() {
    if (start_ != nullptr) munmap(const_cast<char*>(start_), bytes_);
  }
  Touched(const Touched&) = delete;
  Touched& operator=(const Touched&) = delete;
  [[nodiscard]] bool mapped() const { return start_ != nullptr; }
  // Writes to that many pages, spread evenly; returns how many faults that took.
  long touch(std::size_t pages) const {
    rusage before{}, after{};
    getrusage(RUSAGE_THREAD, &before);
    const std::size_t step = bytes_ / pages;
    for (std::size_t at = 0; at + step <= bytes_; at += step) start_[at] = static_cast<char>(start_[at] + 1);
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_minflt - before.ru_minflt;
  }

 private:
  volatile char* start_ = nullptr;
  std::size_t bytes_;
};

// The quickest, because what else the machine does can only add: on a busy one most starts wait for a time slice.
template <class F>
double least_seconds(int rounds, F f) {
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    auto start = std::chrono::steady_clock::now();
    f();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

void fork_and_wait() {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  waitpid(pid, nullptr, 0);
}

class LargeParent : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(MiB, LargeParent, testing::Values(256, 4096));

TEST_P(LargeParent, starts_programs_as_quickly_as_a_small_one) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "under ThreadSanitizer every start is a fork: the tool cannot follow a child that shares memory";
#endif
  const std::size_t bytes = GetParam() * kMiB;
  if (available_bytes() < bytes + bytes / 4) {
    GTEST_SKIP() << "needs " << GetParam() << " MiB and a quarter, there are " << available_bytes() / kMiB;
  }
  auto start = [] { run({"/bin/true"}, {.capture_output = true}); };
  start();
  const os::SpawnFallbacks before = os::spawn_fallbacks();
  if (before.no_shared_memory != 0) GTEST_SKIP() << "an emulator that turns vfork into fork";
  const double small = least_seconds(40, start);
  const Touched memory(bytes);
  ASSERT_TRUE(memory.mapped());
  const double large = least_seconds(40, start);

  constexpr std::size_t kSample = 4096;
  memory.touch(kSample);
  for (int i = 0; i < 3; ++i) start();
  Popen p({"/bin/true"});
  p.wait();
  const long faults = memory.touch(kSample);
  EXPECT_LT(faults, static_cast<long>(kSample) / 50) << "the launch has copied the parent's memory";
  EXPECT_EQ(os::spawn_fallbacks().no_shared_memory, before.no_shared_memory);

  // That these would show a copy: a fork makes every page fault.
  const double copied = least_seconds(2, fork_and_wait);
  EXPECT_GT(memory.touch(kSample), static_cast<long>(kSample) / 2);
  EXPECT_LT(large, 5 * small) << "with " << GetParam() << " MiB; fork alone takes " << copied;
  if (GetParam() >= 4096) { EXPECT_LT(large, copied); }
  RecordProperty("small_us", std::to_string(small * 1e6));
  RecordProperty("large_us", std::to_string(large * 1e6));
  RecordProperty("fork_us", std::to_string(copied * 1e6));
  std::printf("  %zu MiB: %.0f us, small parent %.0f us, fork without exec %.0f us\n", GetParam(), large * 1e6,
              small * 1e6, copied * 1e6);
}

}  // namespace
}  // namespace cohort::subprocess
