// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Barrier: a fixed number of threads, of any processes, wait for each other.
//
//   cohort::Barrier barrier(3);                    // or Barrier(3, [] { … }), Barrier(3, {.timeout = 5s})
//   if (barrier.wait() == 0) …                     // all three pass together; exactly one gets 0
//
// The action, if there is one, is a callable that travels (wire/callable.hpp). The party that comes last calls it, before
// any passes.
// A barrier breaks when a party's wait times out or is stopped, when the action throws, by abort(), and when a party dies
// in wait(), the action included. Each thread that waits then, or comes later, gets BrokenBarrierError, until reset().
// Death: noticed within 100 ms. Once wait() has returned to a party, later deaths do not change that.
// Threads: any; Fork: the child shares the barrier. Cost: 50 ns a party, and the sleep.
// Python:  multiprocessing.Barrier; there, a party that is killed leaves the others waiting.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort {

/// Options of a barrier.
struct BarrierOptions {
  std::optional<std::chrono::nanoseconds> timeout{};  ///< of each wait() without a deadline; nothing: no limit
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
  explicit Barrier(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}

  /// Waits until all parties have come.
  ///
  /// @param until  when to give up; without a deadline, the `timeout` of the options holds
  /// @returns      a number from 0 to parties() - 1, another one for each party of the meeting
  /// @throws BrokenBarrierError  it was broken, or broke meanwhile; at the deadline this party breaks it
  /// @throws Stopped  a stop was requested; this party has broken the barrier
  /// @throws what the action throws, in the party that ran it
  /// @throws TimeoutError  another process was suspended in the middle of coming or going, until the deadline; nothing was
  ///                       done
  /// Blocks:  yes; signals do not end the wait
  int wait(const Until& until = Until::never());

  /// Breaks it.
  void abort();
  /// Makes it as new; each thread that waits gets BrokenBarrierError.
  void reset();
  [[nodiscard]] int parties() const;
  /// Parties that wait now; 0 when it is broken. Old at once.
  [[nodiscard]] int n_waiting() const;
  [[nodiscard]] bool broken() const;

 private:
  Barrier(int parties, std::shared_ptr<detail::BarrierAction> action, BarrierOptions options);
};

}  // namespace cohort
