// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Starts one thread, at the first call: it serves the pipes and the ends of all programs run this way.
//
//   AsyncRun make = run_async({"make"}, {.capture_output = true, .timeout = 10min});
//   CompletedProcess done = co_await make;
//
//   Limit limit(20);                                         // at most 20 at once, the rest waits its turn
//   std::vector<AsyncRun> runs;
//   for (const auto& file : files) runs.push_back(run_async({"gzip", file}, {}, limit));
//   for (AsyncRun& one : runs) one.get();
//
// Threads: any may start, wait and cancel. A program gets the signal mask of the thread that asked for it; niceness and
// CPUs are those of the thread that made the first call, where Options does not set them. A coroutine is resumed on the poller thread, and callbacks of Options run
// there: what takes long belongs elsewhere. Dropping an AsyncRun neither waits nor kills; the program goes on and its
// result is lost. Fork: a forked child has no poller thread; its first call starts one of its own, and runs of the
// parent never finish there. Python: asyncio.create_subprocess_exec, and a semaphore.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <utility>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"

namespace cohort::subprocess {

namespace detail {
class Job;
class Poller;
struct LimitState;
}  // namespace detail

/// How many programs may run at once. A handle: copies share the count.
class COHORT_EXPORT Limit {
 public:
  /// No limit.
  Limit() noexcept = default;
  /// Throws ValueError for 0.
  explicit Limit(std::size_t at_once);

 private:
  friend class detail::Job;
  friend class detail::Poller;
  std::shared_ptr<detail::LimitState> state_;
};

/// What AsyncRun and AsyncPipeline share.
class COHORT_EXPORT AsyncHandle {
 public:
  /// True when the result is there.
  [[nodiscard]] bool done() const;
  /// Waits for the result; false at the deadline.
  ///
  /// @throws Stopped     a stop was requested by `until`; the program goes on
  /// @throws StateError  the wait would never end: in a callback of Options, and in a coroutine that the poller thread has
  ///                     resumed. co_await the run there
  bool wait(const Until& until = Until::never());
  /// Kills the program and what it started, or takes it out of the queue: get() throws RunCancelled. Does not wait, and has
  /// no effect on a program that has ended.
  void cancel();

 protected:
  AsyncHandle() noexcept;
  explicit AsyncHandle(std::shared_ptr<detail::Job> job) noexcept;
  ~AsyncHandle();
  AsyncHandle(AsyncHandle&&) noexcept;
  AsyncHandle& operator=(AsyncHandle&&) noexcept;
  /// The job, once the result is there. Throws StateError without one, TimeoutError at the deadline, Stopped.
  [[nodiscard]] detail::Job& finished_job(const Until& until) const;

 private:
  template <class Run>
  friend class AsyncAwaiter;
  bool suspend(std::coroutine_handle<> continuation);
  std::shared_ptr<detail::Job> job_;
};

/// For co_await, which gives what get() gives.
template <class Run>
class AsyncAwaiter {
 public:
  explicit AsyncAwaiter(Run& run) noexcept : run_(run) {}
  [[nodiscard]] bool await_ready() const { return run_.done(); }
  bool await_suspend(std::coroutine_handle<> continuation) { return run_.suspend(continuation); }
  auto await_resume() { return run_.get(); }

 private:
  Run& run_;
};

/// A program that runs, or waits for its turn, and its result to be.
class COHORT_EXPORT AsyncRun : public AsyncHandle {
 public:
  AsyncRun() noexcept = default;
  /// Waits, and gives the result or throws what run() would have thrown. Once.
  ///
  /// @throws TimeoutError  the deadline passed; it may be called again
  /// @throws Stopped       a stop was requested by `until`; it may be called again. A RunCancelled is the run's result
  /// @throws StateError    the result was taken before, and as wait()
  CompletedProcess get(const Until& until = Until::never());

  using Awaiter = AsyncAwaiter<AsyncRun>;
  Awaiter operator co_await() & noexcept { return Awaiter(*this); }
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
  /// GCC 12 destroys the aggregate temporaries of an await expression twice. So there the run must have a name first:
  /// `AsyncRun make = run_async(...); co_await make;`
  Awaiter operator co_await() && = delete;
#else
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }
#endif

 private:
  friend COHORT_EXPORT AsyncRun run_async(const Command& command, const Options& options, const Limit& limit);
  explicit AsyncRun(std::shared_ptr<detail::Job> job) noexcept : AsyncHandle(std::move(job)) {}
};

/// Starts what run() runs, without waiting for it. Its timeout counts from the program's start, not from the call. The
/// input is copied; buffers and descriptors in `options` must live until the end. Pipeline::run_async is the same for a row. Options that contradict each other throw ValueError at once; errors of starting come with the result.
COHORT_EXPORT AsyncRun run_async(const Command& command, const Options& options = {}, const Limit& limit = {});

}  // namespace cohort::subprocess
