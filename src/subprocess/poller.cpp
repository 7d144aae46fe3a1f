// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/poller.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "base/exception_text.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "os/thread.hpp"
#include "subprocess/run_options.hpp"
#include "subprocess/start_error.hpp"

namespace cohort::subprocess::detail {

using namespace std::chrono_literals;

// How long the thread sleeps at most when nothing can wake it.
constexpr std::chrono::milliseconds kBlindLook{10};

namespace {

// The process whose runs this thread serves; 0: it is no poller thread. A forked copy of one serves none.
thread_local int served_process = 0;

void log_stray(const char* what) noexcept {
  try {
    get_logger().error(std::string("run_async: an exception left the coroutine that awaited: ") + what);
  } catch (...) {
    // No memory for the line, or the sink threw.
  }
}

}  // namespace

bool LimitState::take() {
  std::lock_guard guard(lock);
  if (running == at_once) return false;
  ++running;
  return true;
}

void LimitState::give_back() {
  std::lock_guard guard(lock);
  --running;
}

Job::Job(std::vector<Command> stages, bool is_pipeline, const Options& options, const Limit& limit)
    : stages_(std::move(stages)),
      is_pipeline_(is_pipeline),
      options_(with_pipes(operation(), options)),
      blocked_(os::blocked_signals()),
      limit_(limit) {
  if (options_.input) {
    input_ = *options_.input;
    options_.input = input_;
  }
}

bool Job::done() const {
  std::lock_guard guard(lock_);
  return done_;
}

std::string Job::call(const char* method) const {
  return std::string(is_pipeline_ ? "AsyncPipeline." : "AsyncRun.") + method;
}

bool Job::wait(const Until& until, const char* method) {
  // Before the lock, which it takes, and which must be free when it goes.
  std::stop_callback wake(until.stop, [this] {
    std::lock_guard guard(lock_);
    changed_.notify_all();
  });
  std::unique_lock guard(lock_);
  auto ready = [&] { return done_ || until.stopped(); };
  if (!ready() && !until.expired() && served_process == os::process_id())
    throw StateError(
        call(method), stages_.back().to_string(),
        "this thread is the one that brings the result: in callbacks and awaiting coroutines, co_await it, "
        "or call run()");
  if (until.deadline.is_never())
    changed_.wait(guard, ready);
  else
    changed_.wait_for(guard, *until.deadline.remaining(), ready);
  if (!done_ && until.stopped()) cohort::detail::throw_stopped(call(method), stages_.back().to_string());
  return done_;
}

void Job::check_taken() {
  if (std::exchange(taken_, true)) {
    throw StateError(call("get"), stages_.back().to_string(), "the result was taken before");
  }
  // Handed over whole: the exception belongs to the thread that catches it, and dies there.
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

CompletedProcess Job::take() {
  std::lock_guard guard(lock_);
  check_taken();
  return std::move(*result_);
}

PipelineResult Job::take_pipeline() {
  std::lock_guard guard(lock_);
  check_taken();
  return std::move(*pipeline_result_);
}

void Job::cancel() {
  {
    std::lock_guard guard(lock_);
    if (done_ || cancelled_) return;
    cancelled_ = true;
  }
  Poller::instance().wake();
}

bool Job::set_continuation(std::coroutine_handle<> continuation) {
  std::lock_guard guard(lock_);
  if (done_) return false;
  continuation_ = continuation;
  return true;
}

void Job::bind_stop() {
  if (options_.stop.stop_possible()) stop_.emplace(options_.stop, Cancel{this});
}

void Job::resume() noexcept {
  std::coroutine_handle<> continuation;
  {
    std::lock_guard guard(lock_);
    continuation = std::exchange(continuation_, nullptr);
  }
  if (!continuation) return;
  try {
    continuation.resume();
  } catch (const std::exception& error) { log_stray(text_or_none(error)); } catch (...) {
    log_stray("of an unknown type");
  }
}

bool Job::try_start() noexcept {
  if (limit_.state_ && !has_slot_) {
    if (!limit_.state_->take()) return false;
    has_slot_ = true;
  }
  std::exception_ptr error;
  try {
    if (!files_) {
      files_.emplace(options_);
      deadline_ = options_.timeout.deadline();  // waiting for a turn does not count
    }
    if (!files_->try_open()) {
      if (!deadline_.expired()) return false;
      throw_unstarted(Outcome::timed_out, stages_.back(), options_.timeout);
    }
    start_row();
  } catch (...) { error = std::current_exception(); }
  if (error) finish(std::move(error));  // here, where nothing of ours holds it any more
  return true;
}

void Job::start_row() {
  Options opened = options_;
  files_->put_into(opened);
  row_.emplace(Row::start(operation(), stages_, opened, blocked_));
  files_.reset();
  ScopeExit unserved([&] { row_->end(options_.kill_tree); });
  exchange_.emplace(options_, std::move(row_->ends.in), std::move(row_->ends.out), std::move(row_->ends.err));
  set_input(*exchange_, options_);
  unserved.dismiss();
  phase_ = exchange_->finished() ? Phase::ending : Phase::running;  // there may be no pipe at all
}

Deadline Job::next_start() { return files_ ? Deadline::earlier(deadline_, files_->next_look()) : Deadline::never(); }

bool Job::drop_if_cancelled() noexcept {
  {
    std::lock_guard guard(lock_);
    if (!cancelled_) return false;
  }
  std::exception_ptr error;
  try {
    throw_unstarted(Outcome::stopped, stages_.back(), options_.timeout);
  } catch (...) { error = std::current_exception(); }
  finish(std::move(error));
  return true;
}

void Job::add_items(std::vector<os::PollItem>& items) const {
  auto pipes = exchange_->items();
  items.insert(items.end(), pipes.begin(), pipes.end());
  const bool watch = watches_end();
  for (const Session& session : row_->sessions) {
    items.push_back({watch && !session.child.status() ? session.child.pidfd() : -1, false, false});
  }
}

Deadline Job::next_deadline() const {
  Deadline next = phase_ == Phase::killing ? Deadline::never() : deadline_;
  if (!exchange_->finished()) next = Deadline::earlier(next, drained_);
  // The kill itself may have learned of the end; then nothing is left to poll for.
  if (!ended_ && exchange_->finished() && row_->is_known()) return Deadline::now();
  return is_blind() ? Deadline::earlier(next, Deadline(10ms)) : next;
}

bool Job::step(const os::PollItem* items) noexcept {
  std::exception_ptr error;
  try {
    advance(items);
    return done();
  } catch (...) { error = std::current_exception(); }
  give_up(std::move(error));
  return done();
}

// A callback threw, or the system did: the program is ended, and the first such error is the result once it is reaped.
void Job::give_up(std::exception_ptr error) {
  exchange_->close();
  if (thrown_) return;
  thrown_ = std::move(error);
  bool killed = false;
  try {
    begin_kill(Outcome::stopped);
    killed = true;
  } catch (...) {
    row_->end(
        options_.kill_tree);  // the first exception says more than that there was no memory to search for descendants
  }
  if (!killed || ended_) finish(std::exchange(thrown_, nullptr));  // nothing is left to wake us
}

void Job::advance(const os::PollItem* items) {
  if (done()) return;
  bool cancelled;
  {
    std::lock_guard guard(lock_);
    cancelled = cancelled_;
  }
  if (phase_ != Phase::killing) {
    if (cancelled) return begin_kill(Outcome::stopped);
  }
  Exchange::Items pipes;
  std::copy_n(items, pipes.size(), pipes.begin());
  exchange_->serve(pipes);
  if (exchange_->over_limit() && phase_ != Phase::killing) return begin_kill(Outcome::over_limit);
  bool look =
      phase_ != Phase::running || exchange_->finished() || is_blind() ||
      std::any_of(items + Exchange::kStreams, items + item_count(), [](const auto& item) { return item.ready; });
  if (!ended_ && look) ended_ = row_->poll();
  if (!draining_ && options_.drain.is_set() && row_->last().child.status()) {
    draining_ = true;
    drained_ = Deadline::earlier(drained_, options_.drain.deadline());
  }
  if (!exchange_->finished() && drained_.expired()) {
    drain_expired_ = true;
    exchange_->abandon();
  }
  if (exchange_->finished() && phase_ == Phase::running) phase_ = Phase::ending;
  if (exchange_->finished() && ended_) return finish_with_result();
  if (phase_ != Phase::killing && deadline_.expired()) begin_kill(Outcome::timed_out);
}

void Job::begin_kill(Outcome why) {
  why_ = why;
  named_ = row_->last_running();
  killed_ = row_->kill(options_.kill_tree);
  phase_ = Phase::killing;
  std::chrono::duration<double> limit = kDrainAfterKill;
  if (options_.drain.is_set()) limit = std::min(limit, options_.drain.seconds());
  drained_ = Deadline(limit);
}

CompletedProcess Job::gather(bool decode_text) {
  std::size_t named = why_ == Outcome::done ? stages_.size() - 1 : named_;
  CompletedProcess done = collect(stages_[named], options_, row_->sessions[named], *exchange_, decode_text);
  done.drain_expired = drain_expired_;
  return done;
}

void Job::finish_with_result() {
  if (thrown_) return finish(std::exchange(thrown_, nullptr));
  std::exception_ptr error;
  try {
    keep_result(gather(why_ == Outcome::done));
  } catch (...) { error = std::current_exception(); }  // it has ended: what it left behind is none of our business
  finish(std::move(error));
}

// Throws what get() is to throw.
void Job::keep_result(CompletedProcess done) {
  switch (why_) {
    case Outcome::done: break;
    case Outcome::timed_out: throw TimeoutExpired(std::move(done), options_.timeout.seconds(), killed_);
    case Outcome::stopped: throw RunCancelled(std::move(done), killed_);
    case Outcome::over_limit: throw OutputLimitExceeded(std::move(done), killed_);
  }
  if (is_pipeline_) {
    PipelineResult result = result_of(stages_, *row_, std::move(done));
    if (options_.check) result.check();
    std::lock_guard guard(lock_);
    pipeline_result_ = std::move(result);
  } else {
    if (options_.check) done.check_returncode();
    std::lock_guard guard(lock_);
    result_ = std::move(done);
  }
}

void Job::finish(std::exception_ptr error) noexcept {
  files_.reset();
  if (has_slot_) limit_.state_->give_back();
  has_slot_ = false;
  stop_.reset();
  exchange_.reset();
  row_.reset();
  std::lock_guard guard(lock_);
  error_ = std::move(error);
  done_ = true;
  changed_.notify_all();
}

std::shared_ptr<Job> submit(std::vector<Command> stages, bool is_pipeline, const Options& options, const Limit& limit) {
  auto job = std::make_shared<Job>(std::move(stages), is_pipeline, options, limit);
  Poller& poller = Poller::instance();
  job->bind_stop();
  poller.submit(job);
  return job;
}

Poller& Poller::instance() {
  static std::atomic<Poller*> current{nullptr};
  // SYNC(poller): this load <- the exchange below; carries the object
  Poller* seen = current.load(std::memory_order_acquire);
  // A forked copy has the object but not its thread.
  while (seen == nullptr || seen->owner_ != os::process_id()) {
    std::unique_ptr<Poller> fresh(new Poller);
    Poller* mine = fresh.get();
    mine->start(std::move(fresh));  // first, so that nobody ever sees one without a thread
    // SYNC(poller): this exchange -> the load above; carries the object
    if (current.compare_exchange_strong(seen, mine, std::memory_order_acq_rel)) return *mine;
    // relaxed: the thread looks when it is woken, and the eventfd orders the two
    mine->unwanted_.store(true, std::memory_order_relaxed);
    mine->wake();
  }
  return *seen;
}

Poller::Poller() : event_(as_start_of_program(os::make_eventfd)), owner_(os::process_id()) {}

void Poller::start(std::unique_ptr<Poller> self) {
  try {
    // 8 MiB: continuations are the user's code, which expects the stack of a usual thread.
    os::start_thread(
        [](void* raw) {
          auto* poller = static_cast<Poller*>(raw);
          served_process = poller->owner_;
          // An exception out of it (no memory, here or in the kernel) loses nothing; there may be some in the next
          // turn.
          if (poller->serve()) return true;
          delete poller;  // only one that nobody wanted comes here
          return false;
        },
        self.get(), "cohort-poller", std::size_t{8} << 20, os::ThreadUse::program);
  } catch (const std::system_error& error) {
    throw SpawnError(error.code().value(), "pthread_create", "cohort-poller");
  }
  (void)self.release();
}

void Poller::submit(std::shared_ptr<Job> job) {
  {
    std::lock_guard guard(lock_);
    inbox_.push_back(std::move(job));
  }
  wake();
}

void Poller::take_inbox() {
  std::lock_guard guard(lock_);
  while (!inbox_.empty()) {
    queued_.push_back(inbox_.front());
    inbox_.pop_front();
  }
}

void Poller::start_queued() {
  resumable_.reserve(resumable_.size() + queued_.size());
  running_.reserve(running_.size() + queued_.size());
  for (auto job = queued_.begin(); job != queued_.end();) {
    if ((*job)->drop_if_cancelled()) {
      resumable_.push_back(std::move(*job));
      job = queued_.erase(job);
    } else if ((*job)->try_start()) {
      ((*job)->done() ? resumable_ : running_).push_back(std::move(*job));
      job = queued_.erase(job);
    } else {
      ++job;
    }
  }
}

// One round; false when the thread is unwanted.
bool Poller::serve() {
  take_inbox();
  start_queued();
  resume_ended();
  items_.clear();
  const bool deaf = deaf_.load(std::memory_order_relaxed);  // relaxed: this thread's own word
  items_.push_back({.fd = deaf ? -1 : event_.get()});
  Deadline next = deaf ? Deadline(kBlindLook) : Deadline::never();
  for (const auto& job : queued_) next = Deadline::earlier(next, job->next_start());
  for (const auto& job : running_) {
    job->add_items(items_);
    next = Deadline::earlier(next, job->next_deadline());
  }
  os::poll_each(items_, next);
  if (items_[0].closed) {
    // Somebody has closed all descriptors, ours among them: nobody can wake us any more.
    deaf_.store(true, std::memory_order_relaxed);  // relaxed: who does not see it yet writes in vain
  } else if (items_[0].ready) {
    os::take_notifications(event_.get());
  }
  // relaxed: set before the wake-up that brought us here
  if (unwanted_.load(std::memory_order_relaxed)) return false;
  resumable_.reserve(resumable_.size() + running_.size() +
                     queued_.size());  // what follows loses no job for want of memory
  const os::PollItem* mine = &items_[1];
  for (const auto& job : running_) {
    const std::size_t count = job->item_count();
    if (job->step(mine)) resumable_.push_back(job);
    mine += count;
  }
  std::erase_if(running_, [](const auto& job) { return job->done(); });
  start_queued();  // before the continuations, which may take their time
  resume_ended();
  return true;
}

void Poller::resume_ended() noexcept {
  for (std::shared_ptr<Job>& job : resumable_) std::exchange(job, nullptr)->resume();
  resumable_.clear();
}

}  // namespace cohort::subprocess::detail

namespace cohort::subprocess {

Limit::Limit(std::size_t at_once) : state_(std::make_shared<detail::LimitState>()) {
  if (at_once == 0) throw ValueError("Limit", "0", "nothing could ever run");
  state_->at_once = at_once;
}

AsyncHandle::AsyncHandle() noexcept = default;
AsyncHandle::~AsyncHandle() = default;
AsyncHandle::AsyncHandle(AsyncHandle&&) noexcept = default;
AsyncHandle& AsyncHandle::operator=(AsyncHandle&&) noexcept = default;
AsyncHandle::AsyncHandle(std::shared_ptr<detail::Job> job) noexcept : job_(std::move(job)) {}

namespace {

detail::Job& held(const std::shared_ptr<detail::Job>& job) {
  if (!job) throw StateError("AsyncRun", {}, "holds no run");
  return *job;
}

}  // namespace

bool AsyncHandle::done() const { return held(job_).done(); }
bool AsyncHandle::wait(const Until& until) { return held(job_).wait(until, "wait"); }
void AsyncHandle::cancel() { held(job_).cancel(); }
bool AsyncHandle::suspend(std::coroutine_handle<> continuation) { return held(job_).set_continuation(continuation); }

detail::Job& AsyncHandle::finished_job(const Until& until) const {
  detail::Job& job = held(job_);
  if (!job.wait(until, "get")) throw TimeoutError(job.call("get"), {}, "the deadline passed");
  return job;
}

CompletedProcess AsyncRun::get(const Until& until) { return finished_job(until).take(); }

AsyncRun run_async(const Command& command, const Options& options, const Limit& limit) {
  return AsyncRun(detail::submit({command}, false, options, limit));
}

}  // namespace cohort::subprocess
