// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Barrier: a fixed number of threads, of any processes, wait for each other.
//
//   cohort::Barrier barrier(3);                    // or Barrier(3, [] { … }), Barrier(3, {.timeout = 5s})
//   if (barrier.wait() == 0) …                     // all three pass together; exactly one gets 0
//
// The action, if there is one, is called by one of them before any passes: a callable that travels (wire/callable.hpp), in
// whichever process comes last.
// A barrier breaks when a party's wait times out or is stopped, when the action throws, by abort(), and when a party dies
// in wait(), the action included. Who waits then, or comes later, gets BrokenBarrierError, until reset().
// Death: noticed within 100 ms. Who was told that it passed, has passed; later deaths do not matter.
// Threads: any; Fork: the child shares the barrier. Cost: 50 ns a party, and the sleep.
// Python:  multiprocessing.Barrier; there, a party that is killed leaves the others waiting.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort {

/// Options of a barrier.
struct BarrierOptions {
  std::optional<std::chrono::nanoseconds> timeout{};  ///< for each wait() that gives none; nothing: no limit
};

namespace detail {

/// A barrier's action as it lies in shared memory.
struct BarrierAction {
  CallableId callable;
  VectorEncoder state;

  template <class F>
  explicit BarrierAction(const F& f) : callable(Invocation<F, false, ParameterList<>>::descriptor.id()) {
    static_assert(RequireTravelling<F>::value);
    encode_state(state, f);
  }
};

}  // namespace detail

class COHORT_EXPORT Barrier : public SharedHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::barrier;

  /// A barrier for `parties` threads.
  ///
  /// @param action  called without arguments, by one party, when all have come
  /// @throws ValueError  parties is less than 1, or the action's state is longer than 216 bytes
  explicit Barrier(int parties, BarrierOptions options = {}) : Barrier(parties, nullptr, options) {}
  template <class F>
    requires std::invocable<F&>
  Barrier(int parties, F action, BarrierOptions options = {})
      : Barrier(parties, std::make_shared<detail::BarrierAction>(action), options) {}
  explicit Barrier(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static Barrier null() noexcept { return Barrier(Null{}); }

  /// Waits until all parties have come.
  ///
  /// @returns  a number from 0 to parties() - 1, another one for each party of the meeting
  /// @throws BrokenBarrierError  it was broken, or broke meanwhile; also to who timed out, and so broke it
  /// @throws what the action throws, in the party that ran it
  /// @throws TimeoutError  another party was stopped in the middle of coming or going, until the deadline; nothing was done
  /// Blocks:  yes; signals do not end the wait
  int wait();
  int wait(Deadline deadline);
  int wait(std::stop_token stop, Deadline deadline = Deadline::never());

  /// Breaks it.
  void abort();
  /// Makes it as new; who waits gets BrokenBarrierError.
  void reset();
  [[nodiscard]] int parties() const;
  /// Parties that wait now; 0 when it is broken. Old at once.
  [[nodiscard]] int n_waiting() const;
  [[nodiscard]] bool broken() const;

 private:
  struct Null {};
  explicit Barrier(Null) noexcept {}
  Barrier(int parties, std::shared_ptr<detail::BarrierAction> action, BarrierOptions options);
  int wait(const std::stop_token* stop, Deadline deadline);
};

}  // namespace cohort
