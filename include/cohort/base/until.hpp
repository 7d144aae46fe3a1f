// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long to wait: until a time, or until a stop is requested, whichever comes first. One object, handed down from the
// user's call to the wait.
//
//   bool late = cohort::detail::Until(std::chrono::seconds(1)).over();
#pragma once

#include <stop_token>

#include "cohort/base/deadline.hpp"

namespace cohort::detail {

/// When a wait is to end without what it waits for. The token must outlive it.
struct Until {
  Deadline deadline;
  const std::stop_token* stop = nullptr;  ///< may be null

  constexpr Until() noexcept = default;
  constexpr Until(Deadline limit,
                  const std::stop_token* token = nullptr) noexcept  // NOLINT(google-explicit-constructor)
      : deadline(limit), stop(token) {}

  [[nodiscard]] bool expired() const noexcept { return deadline.expired(); }
  [[nodiscard]] bool stopped() const noexcept { return stop != nullptr && stop->stop_requested(); }
  /// Whether a stop can still be requested.
  [[nodiscard]] bool may_stop() const noexcept { return stop != nullptr && stop->stop_possible(); }
  /// Either.
  [[nodiscard]] bool over() const noexcept { return stopped() || expired(); }
};

}  // namespace cohort::detail
