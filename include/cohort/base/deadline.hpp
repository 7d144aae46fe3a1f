// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An absolute point on the monotonic clock, or never. Calls that wait take it within an Until, with or without a stop.
//
//   queue.get(250ms);                                   // a duration: that long from now
//   queue.get(std::chrono::steady_clock::now() + 1h);   // a time point
//   queue.get(Deadline::never());
//
// A plain value; any thread or process may use it, and it keeps its meaning across fork and spawn because the
// monotonic clock is one for the machine. Python: `timeout=` in seconds; here only durations, so that no number
// can be read in the wrong unit. Negative durations mean "do not wait", as in Python.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "cohort/base/export.hpp"

namespace cohort {

/// When to stop waiting.
class COHORT_EXPORT Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// Never: wait as long as it takes.
  constexpr Deadline() noexcept = default;
  [[nodiscard]] static constexpr Deadline never() noexcept { return {}; }
  /// Already passed: look once, do not wait.
  [[nodiscard]] static constexpr Deadline now() noexcept { return Deadline(kPassed); }

  /// That long from now. Durations too long for the clock mean never; negative ones mean now.
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> timeout)  // NOLINT(google-explicit-constructor): the call reads `get(1s)`
      : Deadline(after_seconds(std::chrono::duration<double>(timeout).count())) {}

  /// At that time of the monotonic clock.
  template <class Duration>
  constexpr Deadline(std::chrono::time_point<Clock, Duration> point) noexcept  // NOLINT(google-explicit-constructor)
      : nanoseconds_(std::chrono::duration_cast<std::chrono::nanoseconds>(point.time_since_epoch()).count()) {}

  [[nodiscard]] constexpr bool is_never() const noexcept { return nanoseconds_ == kNever; }
  /// True when the time has come. Costs a clock read (20 ns), none when it is never.
  [[nodiscard]] bool expired() const noexcept;
  /// Time left, not negative; nullopt when never.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining() const noexcept;
  /// The time left in whole milliseconds, rounded up and clamped, as poll(2) takes it; -1 when never.
  [[nodiscard]] int poll_timeout() const noexcept;
  /// Nanoseconds on the monotonic clock; INT64_MAX when never.
  [[nodiscard]] constexpr std::int64_t monotonic_nanoseconds() const noexcept { return nanoseconds_; }
  /// The earlier of two.
  [[nodiscard]] static constexpr Deadline earlier(Deadline a, Deadline b) noexcept {
    return a.nanoseconds_ < b.nanoseconds_ ? a : b;
  }
  /// The later of two.
  [[nodiscard]] static constexpr Deadline later(Deadline a, Deadline b) noexcept {
    return a.nanoseconds_ < b.nanoseconds_ ? b : a;
  }

 private:
  static constexpr std::int64_t kNever = INT64_MAX;
  static constexpr std::int64_t kPassed = INT64_MIN;
  constexpr explicit Deadline(std::int64_t nanoseconds) noexcept : nanoseconds_(nanoseconds) {}
  static Deadline after_seconds(double seconds) noexcept;

  std::int64_t nanoseconds_ = kNever;
};

}  // namespace cohort
