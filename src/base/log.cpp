// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>

#include "base/sigpipe.hpp"

namespace cohort {

namespace {

struct LoggerState {
  std::atomic<int> level{static_cast<int>(LogLevel::off)};
  std::atomic<bool> to_stderr{false};
  // No std::shared_mutex: it knows its writer by thread id, which a fork changes, so that the child could not unlock
  // it.
  std::mutex mutex;               // guards what follows; not held while the sink runs
  std::condition_variable quiet;  // no call of the sink runs any more
  int running = 0;                // calls of the sink; while there are any, it is not replaced
  std::shared_ptr<const Logger::Sink> sink;
  std::string process_name = "MainProcess";
};

// Leaked on purpose: static destructors may still log.
LoggerState& state() {
  static auto* instance = new LoggerState;
  return *instance;
}

// Calls of the sink that this thread is in.
thread_local int own_calls = 0;

// One call of the sink, counted by its caller.
struct RunningSink {
  RunningSink() { ++own_calls; }
  RunningSink(const RunningSink&) = delete;
  RunningSink& operator=(const RunningSink&) = delete;
  ~RunningSink() {
    --own_calls;
    std::lock_guard guard(state().mutex);
    if (--state().running == 0) state().quiet.notify_all();
  }
};

}  // namespace

std::string to_string(LogLevel level) {
  switch (level) {
    case LogLevel::subdebug: return "SUBDEBUG";
    case LogLevel::debug: return "DEBUG";
    case LogLevel::info: return "INFO";
    case LogLevel::subwarning: return "SUBWARNING";
    case LogLevel::warning: return "WARNING";
    case LogLevel::error: return "ERROR";
    case LogLevel::off: break;
  }
  return "LEVEL " + std::to_string(static_cast<int>(level));
}

bool Logger::enabled(LogLevel level) const noexcept {
  // relaxed: a level change may be seen late; it orders nothing.
  return static_cast<int>(level) >= state().level.load(std::memory_order_relaxed);
}

LogLevel Logger::level() const noexcept {
  // relaxed: as in enabled().
  return static_cast<LogLevel>(state().level.load(std::memory_order_relaxed));
}

void Logger::set_level(LogLevel level) noexcept {
  // relaxed: as in enabled().
  state().level.store(static_cast<int>(level), std::memory_order_relaxed);
}

void Logger::set_sink(Sink sink) {
  std::shared_ptr<const Sink> next;
  if (sink) next = std::make_shared<const Sink>(std::move(sink));
  std::unique_lock lock(state().mutex);
  // A sink that replaces itself would wait for its own end, or two of them for each other.
  if (own_calls == 0) state().quiet.wait(lock, [] { return state().running == 0; });
  // relaxed: read only to copy the setting to a child.
  state().to_stderr.store(false, std::memory_order_relaxed);
  state().sink.swap(next);  // the old one is destroyed without the lock: it may hold objects that log
  lock.unlock();
}

void Logger::log(LogLevel level, std::string_view message) {
  if (!enabled(level)) return;
  std::string line = "[" + to_string(level) + "/";
  std::shared_ptr<const Sink> sink;
  {
    std::lock_guard guard(state().mutex);
    sink = state().sink;
    if (!sink) return;
    line += state().process_name;
    ++state().running;
  }
  RunningSink running;
  std::shared_ptr<const Sink> ours = std::move(sink);  // let go of before set_sink() returns
  line += "] ";
  line += message;
  line += '\n';
  (*ours)(level, line);
}

Logger& get_logger() {
  static auto* logger = new Logger;
  return *logger;
}

Logger& log_to_stderr(LogLevel level) {
  Logger& logger = get_logger();
  logger.set_sink([](LogLevel, std::string_view line) { log::write_raw(line.data(), line.size()); });
  // relaxed: read only to copy the setting to a child.
  state().to_stderr.store(true, std::memory_order_relaxed);
  logger.set_level(level);
  return logger;
}

namespace log {

void set_process_name(std::string_view name) {
  std::lock_guard guard(state().mutex);
  state().process_name = name;
}

// relaxed: a setting, it orders nothing.
bool to_stderr() noexcept { return state().to_stderr.load(std::memory_order_relaxed); }

ForkGuard::ForkGuard() {
  std::unique_lock lock(state().mutex);
  // A sink that forks would wait for its own end, as in set_sink().
  if (own_calls == 0) state().quiet.wait(lock, [] { return state().running == 0; });
  lock.release();
}
ForkGuard::~ForkGuard() { state().mutex.unlock(); }
void ForkGuard::in_child() noexcept {
  // Threads that waited for quiet do not exist here, and a condition variable would go on waiting for them.
  new (&state().quiet) std::condition_variable;
  // Nor do the calls of the sink that they were in. The one that forked is the child's: it never returns, and none
  // waits for it.
  state().running = 0;
  own_calls = 0;
}

void write_raw(const char* bytes, std::size_t count) noexcept {
  int saved = errno;
  os::SigpipeBlocked no_signal;  // a reader that has gone ends no program that only logs
  while (count > 0) {
    ssize_t written = ::write(STDERR_FILENO, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  errno = saved;
}

}  // namespace log

}  // namespace cohort
