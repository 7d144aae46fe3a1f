// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/thread.hpp"

#include <cxxabi.h>
#include <limits.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <exception>
#include <string>

#include "base/exception_text.hpp"
#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "os/signal.hpp"

namespace cohort::os {

namespace {

std::atomic<int> running{0};

struct Start {
  ThreadTurn turn;
  void* argument;
  const char* name;
  ThreadUse use = ThreadUse::library;
};

int weight(ThreadUse use) noexcept { return use == ThreadUse::library ? 1 : 0; }

// On a thread of ours nothing may escape, not even from a sink of the user's that is told of it.
void log_failure(const char* name, const char* what) noexcept {
  try {
    get_logger().error(std::string("an exception ended a turn of the thread ") + name + ": " + what);
  } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is left to tell
  }
}

// False when an exception came out.
bool contained(const char* name, FunctionRef<void()> body) {
  try {
    body();
    return true;
  } catch (const abi::__forced_unwind&) {  // cancellation must not be swallowed
    throw;
  } catch (const std::exception& e) { log_failure(name, text_or_none(e)); } catch (...) {
    log_failure(name, "of a type that says nothing");
  }
  return false;
}

void* run(void* raw) {
  Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  ::prctl(PR_SET_NAME, start.name, 0, 0, 0);
  long pause = 1;  // milliseconds
  bool again = true;
  while (again) {
    if (contained(start.name, [&] { again = start.turn(start.argument); })) {
      pause = 1;
      continue;
    }
    timespec time{pause / 1000, pause % 1000 * 1'000'000};
    ::nanosleep(&time, nullptr);
    pause = std::min(2 * pause, 1000L);
  }
  running.fetch_sub(weight(start.use), std::memory_order_relaxed);  // relaxed: a counter
  return nullptr;
}

pthread_t create(const Start& wanted, std::size_t stack_bytes, int detach_state) {
  auto start = std::make_unique<Start>(wanted);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, detach_state);
  // Its own record of a thread, 650 KiB, lies on the stack, and spawn() has a child's stack of 256 KiB in a frame.
  if constexpr (kThreadSanitizer) stack_bytes += std::size_t{2} << 20;
  // Thread-local storage lies on the stack too, so a program with much of it needs more than asked for.
  ::pthread_attr_setstacksize(
      &attributes,
      std::max<std::size_t>(stack_bytes, static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN)) + 65536));
  pthread_t thread;
  int error;
  {
    // The new thread inherits the mask: it must never run a handler of the user's.
    BlockSignals blocked;
    running.fetch_add(weight(wanted.use), std::memory_order_relaxed);  // relaxed: a counter
    error = ::pthread_create(&thread, &attributes, run, start.get());
  }
  ::pthread_attr_destroy(&attributes);
  if (error != 0) {
    running.fetch_sub(weight(wanted.use), std::memory_order_relaxed);  // relaxed: a counter
    throw OsError(error, "pthread_create", wanted.name);
  }
  (void)start.release();
  return thread;
}

}  // namespace

int library_threads() noexcept { return running.load(std::memory_order_relaxed); }       // relaxed: a counter
void forget_library_threads() noexcept { running.store(0, std::memory_order_relaxed); }  // relaxed: the only thread

void start_thread(ThreadTurn turn, void* argument, const char* name, std::size_t stack_bytes, ThreadUse use) {
  (void)create({turn, argument, name, use}, stack_bytes, PTHREAD_CREATE_DETACHED);
}

void contain_exceptions(const char* thread, FunctionRef<void()> body) { (void)contained(thread, body); }

struct Thread::State {
  pthread_t thread;
};

Thread::Thread(ThreadTurn turn, void* argument, const char* name, std::size_t stack_bytes)
    : state_(std::make_unique<State>()) {
  state_->thread = create({turn, argument, name, ThreadUse::library}, stack_bytes, PTHREAD_CREATE_JOINABLE);
}

Thread::~Thread() { ::pthread_join(state_->thread, nullptr); }

}  // namespace cohort::os
