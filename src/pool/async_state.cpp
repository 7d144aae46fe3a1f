// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/async_state.hpp"

#include "cohort/base/error.hpp"

namespace cohort::detail {

void AsyncState::deliver(TaskResult&& result) noexcept {
  result_ = std::move(result);
  // SYNC(ready): this release store -> acquire loads in wait(); carries the result
  ready_.store(true, std::memory_order_release);
}

bool AsyncState::wait(Deadline deadline, const char* operation) {
  // SYNC(ready): deliver() release store -> these loads; carry the result
  if (ready_.load(std::memory_order_acquire)) return true;
  return pool_->wait_until([&] { return ready_.load(std::memory_order_acquire); }, deadline, operation, this);
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

}  // namespace cohort::detail
