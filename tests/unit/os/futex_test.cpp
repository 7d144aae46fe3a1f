// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Sleeping on a word that processes share.
#include "os/futex.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <thread>

namespace cohort::os {
namespace {

using namespace std::chrono_literals;
using Word = std::atomic<std::uint32_t>;

TEST(Futex, does_not_sleep_on_a_word_that_has_changed) {
  Word word{1};
  EXPECT_EQ(futex_wait(word, 0, Deadline::never()), FutexWait::changed);
}

TEST(Futex, sleeps_until_the_deadline_and_no_longer_than_a_past_one) {
  Word word{0};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(futex_wait(word, 0, 20ms), FutexWait::timed_out);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
  EXPECT_EQ(futex_wait(word, 0, Deadline::now()), FutexWait::timed_out);
}

TEST(Futex, wakes_nobody_where_nobody_sleeps) {
  Word word{0};
  EXPECT_EQ(futex_wake(word, 1), 0);
  EXPECT_EQ(futex_wake_all(word), 0);
}

TEST(Futex, wakes_a_sleeper_of_another_process) {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  Word& word = *new (page) Word(0);
  pid_t pid = ::fork();
  if (pid == 0) {
    // Spurious returns are allowed; the word decides.
    while (word.load() == 0) (void)futex_wait(word, 0, 30s);
    ::_exit(0);
  }
  word.store(1);
  while (futex_wake_all(word) == 0 && ::waitpid(pid, nullptr, WNOHANG) == 0) std::this_thread::yield();
  ::waitpid(pid, nullptr, 0);
  ::munmap(page, 4096);
}

TEST(Futex, goes_on_sleeping_after_a_signal) {
  struct sigaction quiet{}, before{};
  quiet.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &quiet, &before);
  Word word{0};
  std::atomic<int> result{-1};
  std::thread sleeper([&] { result = static_cast<int>(futex_wait(word, 0, 100ms)); });
  for (int i = 0; i < 20; ++i) ::pthread_kill(sleeper.native_handle(), SIGUSR1);
  sleeper.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(result, static_cast<int>(FutexWait::timed_out));
}

TEST(Futex, wakes_as_many_as_it_is_told) {
  Word word{0};
  std::atomic<int> up{0};
  std::thread sleepers[3];
  for (auto& sleeper : sleepers) {
    sleeper = std::thread([&] {
      while (word.load() == 0) (void)futex_wait(word, 0, 30s);
      ++up;
    });
  }
  int woken = 0;
  while (woken == 0) woken = futex_wake(word, 1);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(up, 0) << "the word has not changed: it sleeps again";
  word.store(1);
  while (up != 3) (void)futex_wake_all(word);
  for (auto& sleeper : sleepers) sleeper.join();
}

}  // namespace
}  // namespace cohort::os
