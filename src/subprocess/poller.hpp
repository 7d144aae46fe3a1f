// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The poller thread of run_async and the jobs it serves.
//
// A job's phases: queued (no slot yet), running (pipes are open), ending (pipes are done, the program is not), killing
// (it was killed; what is left is read for a short time), done. Only the poller thread moves a job on; other threads
// put jobs into the inbox, ask for a cancel, and wait for `done` under the job's lock.
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cohort/subprocess/async.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"
#include "subprocess/driver.hpp"
#include "subprocess/exchange.hpp"
#include "subprocess/row.hpp"

namespace cohort::subprocess::detail {

struct LimitState {
  std::mutex lock;
  std::size_t at_once = 0;
  std::size_t running = 0;

  bool take();
  void give_back();
};

/// One asynchronous run, of a program or of a pipeline.
class Job : public std::enable_shared_from_this<Job> {
 public:
  Job(std::vector<Command> stages, bool is_pipeline, const Options& options, const Limit& limit);

  /// The call that the user made, for errors.
  [[nodiscard]] std::string_view operation() const noexcept {
    return is_pipeline_ ? "Pipeline.run_async" : "run_async";
  }

  // For any thread.
  [[nodiscard]] bool done() const;
  bool wait(const Until& until, const char* method);
  /// That method of what the user holds, for errors.
  [[nodiscard]] std::string call(const char* method) const;
  CompletedProcess take();
  PipelineResult take_pipeline();
  void cancel();
  /// False when the result is already there.
  bool set_continuation(std::coroutine_handle<> continuation);

  // For the poller thread.
  /// Starts the program if the limit lets it and its files are open; false: not yet.
  bool try_start() noexcept;
  /// When to try again; never: when another one has ended.
  [[nodiscard]] Deadline next_start();
  /// How many items it polls for, once started.
  [[nodiscard]] std::size_t item_count() const noexcept { return Exchange::kStreams + stages_.size(); }
  void add_items(std::vector<os::PollItem>& items) const;
  [[nodiscard]] Deadline next_deadline() const;
  /// Moves on with what is ready; true when it is done and the continuation may be resumed.
  bool step(const os::PollItem* items) noexcept;
  /// Ends a job that has not started if it was cancelled.
  bool drop_if_cancelled() noexcept;
  /// Goes on with the coroutine that awaits it. What leaves that is logged: there is nobody above to catch it.
  void resume() noexcept;
  void bind_stop();

 private:
  enum class Phase { queued, running, ending, killing };
  void advance(const os::PollItem* items);
  /// The end is of interest by now: there is no more output to wait for, or the drain limit hangs on it.
  [[nodiscard]] bool watches_end() const noexcept {
    return !ended_ && (phase_ != Phase::running || options_.drain.is_set());
  }
  /// ... and there is nothing to poll for it.
  [[nodiscard]] bool is_blind() const noexcept { return watches_end() && row_->last().child.pidfd() < 0; }
  void begin_kill(Outcome why);
  void give_up(std::exception_ptr error);
  void finish(std::exception_ptr error) noexcept;
  void start_row();
  void finish_with_result();
  void keep_result(CompletedProcess done);
  void check_taken();
  CompletedProcess gather(bool decode_text);

  const std::vector<Command> stages_;
  const bool is_pipeline_;
  Options options_;
  const std::vector<int> blocked_;  // the submitter's; the poller thread itself blocks all signals
  std::string input_;
  const Limit limit_;
  Deadline deadline_;
  Deadline drained_;
  Phase phase_ = Phase::queued;
  Outcome why_ = Outcome::done;
  TreeKill killed_ = TreeKill::none;
  std::size_t named_ = 0;  // the stage that had not ended before the kill
  bool ended_ = false;     // all programs of the row
  bool draining_ = false;  // the last one, and the drain limit runs
  bool drain_expired_ = false;
  bool has_slot_ = false;
  std::exception_ptr thrown_;         // by a callback, or by the system
  std::optional<StreamFiles> files_;  // from its turn until it starts
  std::optional<Row> row_;
  std::optional<Exchange> exchange_;

  struct Cancel {
    Job* job;
    void operator()() const { job->cancel(); }
  };
  std::optional<std::stop_callback<Cancel>> stop_;

  mutable std::mutex lock_;  // guards what follows
  std::condition_variable changed_;
  bool cancelled_ = false;
  bool done_ = false;
  bool taken_ = false;
  std::optional<CompletedProcess> result_;
  std::optional<PipelineResult> pipeline_result_;
  std::exception_ptr error_;
  std::coroutine_handle<> continuation_;
};

/// Hands a run over to the poller. Throws ValueError for options that contradict each other.
std::shared_ptr<Job> submit(std::vector<Command> stages, bool is_pipeline, const Options& options, const Limit& limit);

/// The thread, which owns its object. It serves until the process ends.
class Poller {
 public:
  /// This process's, started at the first call. Takes no lock that a fork could leave locked.
  static Poller& instance();
  void submit(std::shared_ptr<Job> job);
  /// Something changed that the thread should look at.
  void wake() noexcept {
    // relaxed: a hint; the number of a closed descriptor may by now be another file's
    if (!deaf_.load(std::memory_order_relaxed)) os::notify(event_.get());
  }

 private:
  Poller();
  void start(std::unique_ptr<Poller> self);
  bool serve();
  void take_inbox();
  void start_queued();
  void resume_ended() noexcept;

  os::Fd event_;
  const int owner_;  // the process that the thread lives in
  std::atomic<bool> unwanted_{false};
  std::atomic<bool> deaf_{false};  // the event was closed by somebody; the thread looks every few milliseconds
  std::mutex lock_;
  std::deque<std::shared_ptr<Job>> inbox_;  // guarded by lock_
  std::deque<std::shared_ptr<Job>> queued_;
  std::vector<std::shared_ptr<Job>> running_;
  std::vector<std::shared_ptr<Job>> resumable_;  // they have ended; their coroutines have not been told
  std::vector<os::PollItem> items_;
};

}  // namespace cohort::subprocess::detail
