// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/thread.hpp"

#include <limits.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "os/signal.hpp"

namespace cohort::os {

namespace {

std::atomic<int> running{0};

struct Start {
  void (*function)(void*);
  void* argument;
  const char* name;
};

void* run(void* raw) {
  Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  ::prctl(PR_SET_NAME, start.name, 0, 0, 0);
  start.function(start.argument);
  running.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a counter
  return nullptr;
}

}  // namespace

int library_threads() noexcept { return running.load(std::memory_order_relaxed); }       // relaxed: a counter
void forget_library_threads() noexcept { running.store(0, std::memory_order_relaxed); }  // relaxed: the only thread

void start_thread(void (*function)(void*), void* argument, const char* name, std::size_t stack_bytes) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Its own record of a thread, 650 KiB, lies on the stack, and spawn() has a child's stack of 256 KiB in a frame.
  if constexpr (kThreadSanitizer) stack_bytes += std::size_t{2} << 20;
  // Thread-local storage lies on the stack too, so a program with much of it needs more than asked for.
  ::pthread_attr_setstacksize(
      &attributes,
      std::max<std::size_t>(stack_bytes, static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN)) + 65536));
  auto* start = new Start{function, argument, name};
  pthread_t thread;
  int error;
  {
    // The new thread inherits the mask: it must never run a handler of the user's.
    BlockSignals blocked;
    running.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
    error = ::pthread_create(&thread, &attributes, run, start);
  }
  ::pthread_attr_destroy(&attributes);
  if (error != 0) {
    running.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a counter
    delete start;
    throw OsError(error, "pthread_create", name);
  }
}

}  // namespace cohort::os
