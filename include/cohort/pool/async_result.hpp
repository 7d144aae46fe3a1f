// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// AsyncResult: the result of a task that a pool may still be working on.
#pragma once

#include <memory>
#include <utility>

#include "cohort/base/deadline.hpp"
#include "cohort/pool/pool_backend.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {

/// Refers to one task's result. Move-only. Destroying it never blocks; the task goes on and its result is dropped.
///
/// It outlives its pool: a pool that ends resolves what is open with PoolBroken. Moved from: every call throws
/// StateError.
/// Threads: one at a time for each object.
/// Python: multiprocessing.pool.AsyncResult.
template <class R>
class AsyncResult {
 public:
  explicit AsyncResult(std::shared_ptr<detail::PendingResult> state) : state_(std::move(state)) {}
  AsyncResult(AsyncResult&&) noexcept = default;
  AsyncResult& operator=(AsyncResult&&) noexcept = default;

  /// The result; may be asked for again.
  /// @throws TimeoutError  it is not there yet; the task goes on
  /// @throws what the task threw, as Remote<E> or RemoteError; WorkerDied; PoolBroken
  R get(Deadline deadline = Deadline::never()) {
    auto bytes = state("AsyncResult.get").get(deadline);
    if constexpr (!std::is_void_v<R>) return decode<R>(bytes, DecodeLimits::within_family());
  }
  /// Waits; true when the result or an error is there.
  bool wait(Deadline deadline = Deadline::never()) {
    return state("AsyncResult.wait").wait(deadline, "AsyncResult.wait");
  }
  [[nodiscard]] bool ready() { return state("AsyncResult.ready").wait(Deadline::now(), "AsyncResult.ready"); }
  /// Whether it ended without an error. @throws StateError  it has not ended
  [[nodiscard]] bool successful() { return state("AsyncResult.successful").successful(); }

 private:
  [[nodiscard]] detail::PendingResult& state(const char* call) const {
    if (!state_) detail::throw_moved_from(call);
    return *state_;
  }

  std::shared_ptr<detail::PendingResult> state_;
};

}  // namespace cohort
