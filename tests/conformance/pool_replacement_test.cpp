// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pool: the worker that comes in the place of a dead one, under every start method.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "cohort/pool.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

int own_pid() { return ::getpid(); }

// What a worker has from the thread that started it.
std::string thread_attributes() {
  std::string text;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn") || line.starts_with("Cpus_allowed:"))
      text += line + "; ";
  sched_param parameters{};
  ::sched_getparam(0, &parameters);
  return text + "nice " + std::to_string(::getpriority(PRIO_PROCESS, 0)) + ", class " +
         std::to_string(::sched_getscheduler(0)) + ", priority " + std::to_string(parameters.sched_priority) +
         ", slack " + std::to_string(::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

void leave_mark(const std::string& path) { std::ofstream(path).put('x'); }
int hold(const std::string& begun, const std::string& released) {
  leave_mark(begun);
  while (::access(released.c_str(), F_OK) != 0) ::usleep(500);
  return 7;
}

// Takes all descriptors that this process may have, for its lifetime.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 80;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

class PoolReplacement : public EachMethod {
 protected:
  [[nodiscard]] Pool make(int processes) const { return Pool({.processes = processes, .start_method = GetParam()}); }
  [[nodiscard]] static bool wait_until_gone(Pool& pool, int pid) {
    Deadline limit = patience();
    while (!limit.expired()) {
      auto pids = pool.worker_pids();
      if (std::find(pids.begin(), pids.end(), pid) == pids.end()) return true;
      ::usleep(500);
    }
    return false;
  }
};

TEST_P(PoolReplacement, has_what_the_first_worker_had_from_its_makers_thread) {
  ::prctl(PR_SET_TIMERSLACK, 70'000UL, 0, 0, 0);
  Pool pool = make(1);
  std::string first = pool.apply<thread_attributes>();
  for (int round = 0; round < 3; ++round) {
    int pid = pool.apply<own_pid>();
    ::kill(pid, SIGKILL);
    ASSERT_TRUE(wait_until_gone(pool, pid));
    EXPECT_EQ(pool.apply<thread_attributes>(), first);
  }
  ::prctl(PR_SET_TIMERSLACK, 0UL, 0, 0, 0);
}

TEST_P(PoolReplacement, can_be_ended_by_a_signal_as_the_first_worker) {
  Pool pool = make(1);
  for (int round = 0; round < 3; ++round)
    EXPECT_THROW(pool.apply([] {
      ::raise(SIGTERM);
      ::usleep(100'000);
    }),
                 WorkerDied)
        << round;
}

TEST_P(PoolReplacement, that_cannot_be_had_now_comes_later_and_the_others_go_on) {
  Pool pool = make(2);
  std::string begun = scratch / "begun";
  std::string released = scratch / "released";
  auto held = pool.apply_async<hold>(begun, released);
  while (::access(begun.c_str(), F_OK) != 0) ::usleep(500);
  int idle = pool.apply<own_pid>();
  {
    NoDescriptors none;
    ::kill(idle, SIGKILL);
    ASSERT_TRUE(wait_until_gone(pool, idle));
    // Several tries fail meanwhile, of this thread where it forks.
    for (int i = 0; i < 20; ++i) (void)held.wait(5ms);
  }
  leave_mark(released);
  EXPECT_EQ(held.get(patience()), 7);
  Deadline limit = patience();
  while (pool.worker_pids().size() < 2 && !limit.expired()) (void)pool.apply<own_pid>();
  EXPECT_EQ(pool.worker_pids().size(), 2u);
}

TEST_P(PoolReplacement, of_the_last_worker_comes_when_it_can_be_had_again) {
  Pool pool = make(1);
  int only = pool.apply<own_pid>();
  {
    NoDescriptors none;
    ::kill(only, SIGKILL);
    ASSERT_TRUE(wait_until_gone(pool, only));
    auto waits = pool.apply_async<own_pid>();
    (void)waits.wait(100ms);
  }
  EXPECT_NE(pool.apply<own_pid>(), only);
}

// As daemons do; what this process has not mapped yet it cannot map any more.
void close_all_descriptors() { ::closefrom(3); }
int square(int x) { return x * x; }
std::size_t length(const std::vector<char>& bytes) { return bytes.size(); }

// What `call` throws must say what kept the workers from it. A replacement that is a copy of this process has what this
// one has mapped.
template <class Call>
void expect_refused_mapping(StartMethod method, Call call) {
  try {
    call();
    EXPECT_EQ(method, StartMethod::fork) << "did not throw";
  } catch (const std::exception& e) { EXPECT_NE(std::string(e.what()).find("mmap"), std::string::npos) << e.what(); }
}

TEST_P(PoolReplacement, of_workers_that_cannot_begin_what_they_are_given_ends_after_a_few_with_the_reason) {
  // More than this process has ever mapped.
  constexpr std::size_t kMany = std::size_t{48} << 20;
  for (int processes : {1, 3}) {
    Pool pool({.processes = processes, .initializer = close_all_descriptors, .start_method = GetParam()});
    (void)pool.apply<square>(1);
    std::vector<int> numbers(kMany / sizeof(int), 3);
    expect_refused_mapping(GetParam(), [&] { (void)pool.map<square>(numbers, {.retries = 1'000'000}); });
    expect_refused_mapping(GetParam(),
                           [&] { (void)pool.starmap<length>(std::vector(1, std::tuple(std::vector<char>(kMany)))); });
    expect_refused_mapping(GetParam(), [&] { (void)pool.apply<length>(std::vector<char>(kMany)); });
    expect_refused_mapping(GetParam(), [&] {
      auto lazy = pool.imap_unordered<length>(std::vector(1, std::vector<char>(kMany)));
      (void)lazy.next();
    });
    // The pool is not broken.
    EXPECT_EQ(pool.apply<square>(3), 9);
    Deadline limit = patience();
    while (static_cast<int>(pool.worker_pids().size()) < processes && !limit.expired()) (void)pool.apply<own_pid>();
    EXPECT_EQ(static_cast<int>(pool.worker_pids().size()), processes);
  }
}

COHORT_FOR_EACH_METHOD(PoolReplacement);

}  // namespace
}  // namespace cohort::test
