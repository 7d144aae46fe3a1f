// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/pool_door.hpp"

#include <cstring>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/family.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/map_job.hpp"
#include "pool/pool_core.hpp"

namespace cohort {

WorkerDied::WorkerDied(std::string_view operation, int pid, ExitStatus status, std::string_view task,
                       std::string_view last_words)
    : Error(operation, task,
            "its worker " + std::to_string(pid) + " " + status.to_string() +
                (last_words.empty() ? std::string() : " (" + std::string(last_words) + ")")),
      pid_(pid),
      status_(status) {}
WorkerDied::~WorkerDied() = default;
PoolBroken::~PoolBroken() = default;

void Partial::operator()() const {
  if (!*this) throw ValueError("Partial", "", "there is nothing to call");
  load_callable_module(callable_, module_);
  const CallableDescriptor& callable = resolve_callable(callable_);
  if (callable.call() == nullptr) throw DecodeError("Partial", callable.name(), "is not a callable for a task");
  Decoder in(bytes_, DecodeLimits::within_family());
  VectorEncoder nothing;
  callable.call()(in, nothing);
}

namespace detail {

TaskSink::~TaskSink() = default;

TaskResult::TaskResult(Kind kind, std::span<const std::byte> bytes) : kind_(kind), size_(bytes.size()) {
  if (size_ > kSmall) throw ValueError("TaskResult", std::to_string(size_), "more bytes than fit in place");
  if (size_ != 0) std::memcpy(small_.data(), bytes.data(), size_);
}

TaskResult::TaskResult(TaskResult&& other) noexcept { *this = std::move(other); }

TaskResult& TaskResult::operator=(TaskResult&& other) noexcept {
  if (this == &other) return *this;
  if (block_ != 0) free_block();
  kind_ = std::exchange(other.kind_, Kind::pending);
  size_ = other.size_;
  block_ = std::exchange(other.block_, 0);
  failure_ = std::move(other.failure_);
  if (size_ <= kSmall) std::memcpy(small_.data(), other.small_.data(), size_);
  return *this;
}

void TaskResult::free_block() noexcept {
  try {
    // A forked copy must not free what its parent holds; a family that was torn down has freed it already.
    if (family::Family::self_or_nobody() && family::Family::exists()) family::Family::instance().free(block_);
  } catch (const std::exception&) {  // freed with the family
  }
  block_ = 0;
}

std::span<const std::byte> TaskResult::bytes_in_block(const TaskSink& sink) const {
  auto& family = family::Family::instance();
  if (size_ > family.block_size(block_))
    throw DecodeError(sink.taking(), sink.task(), "its result is larger than its block");
  return {family.address(block_, size_), size_};
}

void TaskResult::throw_error(const TaskSink& sink) const {
  switch (kind_) {
    case Kind::failure: rethrow_failure(failure_, sink.taking(), sink.task());
    case Kind::remote_error:
      rethrow_remote(block_ == 0 ? std::span(small_.data(), size_) : bytes_in_block(sink),
                     DecodeLimits::within_family());
    default: throw StateError(sink.taking(), sink.task(), "its result is not there yet");
  }
}

PoolRef make_pool(PoolOptions options) {
  auto pool = std::make_shared<PoolCore>(std::move(options));
  pool->start();
  return pool;
}

void throw_moved_from(const char* operation) { throw StateError(operation, "", "this object was moved from"); }
void close_pool(PoolCore& pool) { pool.close(); }
void terminate_pool(PoolCore& pool) noexcept { pool.terminate(); }
bool join_pool(PoolCore& pool, Deadline deadline) { return pool.join(deadline); }
int pool_processes(const PoolCore& pool) noexcept { return pool.processes(); }
std::vector<int> pool_worker_pids(PoolCore& pool) { return pool.worker_pids(); }

void submit_task(PoolCore& pool, const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                 const TaskOptions& options, std::shared_ptr<TaskSink> sink, std::uint64_t tag) {
  pool.submit(callable, encode, options, std::move(sink), tag);
}

void run_ranged_map(PoolCore& pool, const RangedMap& map, const MapOptions& options) {
  pool.check_open(map.operation);
  if (map.count == 0) return;
  MapJob job(pool.owner(), static_cast<std::uint32_t>(pool.processes()), *map.callable, map.state, map.count, options,
             map.operation);
  std::memcpy(job.prepare_ranged(map.input_size, map.output_size), map.input, map.count * map.input_size);
  ScopeExit finish([&] { pool.finish_job(job); });
  pool.run_job(job, map.operation);
  job.throw_if_failed();
  if (map.output_size != 0) map.take(job.output());
}

void run_encoded_map(PoolCore& pool, const EncodedMap& map, const MapOptions& options) {
  pool.check_open(map.operation);
  if (map.count == 0) return;
  MapJob job(pool.owner(), static_cast<std::uint32_t>(pool.processes()), *map.callable, map.state, map.count, options,
             map.operation);
  job.prepare_encoded(map.encode);
  ScopeExit finish([&] { pool.finish_job(job); });
  pool.run_job(job, map.operation);
  job.throw_if_failed();
  job.take_results(map.decode);
}

// ---- AsyncState ---------------------------------------------------------------------------------------------------

AsyncState::~AsyncState() = default;

void AsyncState::deliver(std::uint64_t, TaskResult&& result) noexcept {
  result_ = std::move(result);
  // SYNC(ready): this release store -> acquire load in ready(), wait(); carries the result
  ready_.store(true, std::memory_order_release);
}

bool AsyncState::wait(Deadline deadline, const char* operation) {
  // SYNC(ready): deliver() release store -> these loads; carry the result
  if (ready_.load(std::memory_order_acquire)) return true;
  return pool_->wait_until([&] { return ready_.load(std::memory_order_acquire); }, deadline, operation);
}

std::string AsyncState::task() const { return pool_->name_of_callable(callable()); }

std::span<const std::byte> AsyncState::get(Deadline deadline) {
  if (!wait(deadline, taking())) throw TimeoutError(taking(), task(), "the task has not ended yet");
  return result_.value(*this);
}

bool AsyncState::successful() {
  constexpr const char* kOperation = "AsyncResult.successful";
  if (!wait(Deadline::now(), kOperation)) throw StateError(kOperation, task(), "the task has not ended yet");
  return result_.kind() == TaskResult::Kind::value;
}

// ---- ImapState ----------------------------------------------------------------------------------------------------

ImapState::~ImapState() = default;

void ImapState::deliver(std::uint64_t, TaskResult&& result) noexcept {
  std::lock_guard guard(mutex_);
  --under_way_;
  arrived_.push_back(std::move(result));
}

bool ImapState::has_room() {
  std::lock_guard guard(mutex_);
  std::size_t held = under_way_ + arrived_.size();
  // Many at once, when half of the window is free: one by one, each would wake a worker that has just gone to sleep.
  if (held >= window_)
    filling_ = false;
  else if (held <= window_ / 2)
    filling_ = true;
  return filling_ && held < window_;
}

void ImapState::note_submitted() {
  std::lock_guard guard(mutex_);
  ++under_way_;
}

void ImapState::note_not_submitted() {
  std::lock_guard guard(mutex_);
  --under_way_;
}

bool ImapState::next(TaskResult& result, Deadline deadline) {
  auto take = [&] {
    std::lock_guard guard(mutex_);
    if (arrived_.empty()) return under_way_ == 0;
    result = std::move(arrived_.front());
    arrived_.pop_front();
    return true;
  };
  if (!take() && !pool_->wait_until(take, deadline, operation()))
    throw TimeoutError(operation(), task(), "no result has come yet");
  return result.kind() != TaskResult::Kind::pending;
}

std::string ImapState::task() const { return pool_->name_of_callable(callable()); }

std::size_t imap_window(const PoolCore& pool, std::size_t window) noexcept {
  return window != 0 ? window : std::max<std::size_t>(256, static_cast<std::size_t>(pool.processes()) * 64);
}

}  // namespace detail

}  // namespace cohort
