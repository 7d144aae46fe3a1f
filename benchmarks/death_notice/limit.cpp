// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does by itself: the end of a socket, and a robust mutex.
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace {

constexpr int kRounds = 60;

void report(const char* p50, const char* p99, std::vector<double>& each) {
  measure::report(p50, "us", {measure::quantile(each, 0.5) / 1e3});
  measure::report(p99, "us", {measure::quantile(each, 0.99) / 1e3});
}

void end_of_socket() {
  std::vector<double> each;
  for (int i = 0; i < kRounds; ++i) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) std::_Exit(4);
    char byte = 0;
    measure::Forked child([&] {
      ::close(pair[0]);
      if (::write(pair[1], "r", 1) != 1) std::_Exit(4);
      for (;;) ::pause();
    });
    ::close(pair[1]);
    if (::read(pair[0], &byte, 1) != 1) std::_Exit(4);
    each.push_back(measure::time_ns([&] {
      ::kill(child.pid(), SIGKILL);
      if (::read(pair[0], &byte, 1) != 0) std::_Exit(4);
    }));
    child.reap();
    ::close(pair[0]);
  }
  report("end of a pipe, p50", "end of a pipe, p99", each);
}

struct Page {
  pthread_mutex_t mutex;
  measure::FutexWord held;
};

void mutex_of_the_dead() {
  std::vector<double> each;
  measure::Shared<Page> page;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&page->mutex, &attributes);
  for (int i = 0; i < kRounds; ++i) {
    measure::Forked child([&] {
      pthread_mutex_lock(&page->mutex);
      page->held.post();
      for (;;) ::pause();
    });
    page->held.take(0);
    each.push_back(measure::time_ns([&] {
      ::kill(child.pid(), SIGKILL);
      if (pthread_mutex_lock(&page->mutex) != EOWNERDEAD) std::_Exit(4);
    }));
    pthread_mutex_consistent(&page->mutex);
    pthread_mutex_unlock(&page->mutex);
    child.reap();
  }
  report("lock of a killed holder, p50", "lock of a killed holder, p99", each);
}

}  // namespace

int main() {
  end_of_socket();
  mutex_of_the_dead();
}
