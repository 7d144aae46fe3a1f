// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/deadline.hpp"

#include <algorithm>
#include <climits>
#include <cmath>

namespace cohort {

namespace {

std::int64_t monotonic_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Deadline::Clock::now().time_since_epoch()).count();
}

}  // namespace

Deadline Deadline::after_seconds(double seconds) noexcept {
  if (std::isnan(seconds) || seconds <= 0) return now();
  // 292 years of nanoseconds fit in 63 bits; whoever asks for more than 100 years means never.
  constexpr double kLongest = 100.0 * 365 * 24 * 3600;
  if (seconds >= kLongest) return never();
  return Deadline(monotonic_now() + static_cast<std::int64_t>(seconds * 1e9));
}

bool Deadline::expired() const noexcept { return !is_never() && monotonic_now() >= nanoseconds_; }

std::optional<std::chrono::nanoseconds> Deadline::remaining() const noexcept {
  if (is_never()) return std::nullopt;
  if (nanoseconds_ == kPassed) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(std::max<std::int64_t>(0, nanoseconds_ - monotonic_now()));
}

int Deadline::poll_timeout() const noexcept {
  auto left = remaining();
  if (!left) return -1;
  auto milliseconds = (left->count() + 999'999) / 1'000'000;
  return static_cast<int>(std::min<std::int64_t>(milliseconds, INT_MAX));
}

}  // namespace cohort
