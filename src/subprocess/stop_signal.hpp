// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A stop request as a descriptor, for those who wait for descriptors.
#pragma once

#include <optional>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "os/fd.hpp"

namespace cohort::subprocess::detail {

/// Makes a stop request readable in a poll loop. Costs nothing for a token that cannot stop. Where no descriptor can be
/// had for it, the loop looks now and then.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& token);
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  [[nodiscard]] bool requested() const noexcept { return token_.stop_requested(); }
  /// A stop may come.
  [[nodiscard]] bool possible() const noexcept { return token_.stop_possible(); }
  /// How long one may sleep at most before looking again.
  [[nodiscard]] Deadline next_look() const;

 private:
  struct Notify {
    int fd;
    void operator()() const noexcept;
  };
  std::stop_token token_;
  os::Fd event_;
  std::optional<std::stop_callback<Notify>> callback_;
};

}  // namespace cohort::subprocess::detail
