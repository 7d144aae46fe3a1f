// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long to wait: until a time, until a stop is requested, or whichever comes first. The one form in which every call
// that waits takes its limit, as its last parameter.
//
//   int a = queue.get(250ms);                                   // a duration: that long from now
//   int b = queue.get(std::chrono::steady_clock::now() + 1h);   // a time point
//   int c = queue.get(token);                                   // until token.stop_requested()
//   int d = queue.get({token, 1s});                             // whichever comes first
//   int e = queue.get();                                        // as long as it takes
//
// At the deadline a call does what Python's does: it returns false, or throws TimeoutError, Empty or Full. At a stop it
// throws Stopped. A call whose name begins with `try_` throws neither: it returns an empty optional or false for both.
// What is there at once is taken, even when the time has passed or the stop was requested before.
// Threads: a plain value; a copy shares the token. Fork: a token belongs to its process; in the child it stops nothing.
// Cost:    without a token, that of a Deadline; a copy with one is an atomic increment.
// Python:  `timeout=`; Python has no stop tokens.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>
#include <utility>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"

namespace cohort {

/// When a wait ends without what it waits for.
struct Until {
  Deadline deadline;     ///< never, when only a stop ends the wait
  std::stop_token stop;  ///< empty, when only the deadline ends the wait

  /// Never: the call waits as long as it takes.
  Until() noexcept = default;
  /// The same, made once: a call without a limit neither makes nor destroys one. What calls have as their default.
  [[nodiscard]] static const Until& never() noexcept;
  // NOLINTBEGIN(google-explicit-constructor): the call reads `get(1s)`, `get(token)`
  /// That long from now. Durations too long for the clock mean never; negative ones mean now.
  template <class Rep, class Period>
  Until(std::chrono::duration<Rep, Period> timeout) : deadline(timeout) {}
  /// At that time of the monotonic clock.
  template <class Duration>
  Until(std::chrono::time_point<Deadline::Clock, Duration> point) noexcept : deadline(point) {}
  Until(Deadline limit) noexcept : deadline(limit) {}
  /// When a stop is requested.
  Until(std::stop_token token) noexcept : stop(std::move(token)) {}
  /// When a stop is requested, and at the deadline at the latest.
  Until(std::stop_token token, Deadline limit) noexcept : deadline(limit), stop(std::move(token)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether the time has come. Costs a clock read (20 ns), none without a deadline.
  [[nodiscard]] bool expired() const noexcept { return deadline.expired(); }
  /// Whether a stop was requested.
  [[nodiscard]] bool stopped() const noexcept { return stop.stop_requested(); }
  /// Whether a stop can still be requested.
  [[nodiscard]] bool may_stop() const noexcept { return stop.stop_possible(); }
  /// Whether the wait ends now: stopped, or expired.
  [[nodiscard]] bool over() const noexcept { return stopped() || expired(); }
};

namespace detail {
COHORT_EXPORT extern const Until kNoLimit;
/// Throws Stopped for a call that a stop has ended.
[[noreturn]] COHORT_EXPORT void throw_stopped(std::string_view operation, std::string_view subject = {});
}  // namespace detail

inline const Until& Until::never() noexcept { return detail::kNoLimit; }

}  // namespace cohort
