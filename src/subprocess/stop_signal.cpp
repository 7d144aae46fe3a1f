// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/stop_signal.hpp"

#include <chrono>

#include "cohort/base/error.hpp"
#include "os/stream_io.hpp"

namespace cohort::subprocess::detail {

using namespace std::chrono_literals;

StopSignal::StopSignal(const std::stop_token& token) : token_(token) {
  if (!token_.stop_possible()) return;
  try {
    event_ = os::make_eventfd();
  } catch (const OsError&) { return; }  // no descriptor is left
  callback_.emplace(token_, Notify{event_.get()});
}

Deadline StopSignal::next_look() const {
  return token_.stop_possible() && !event_ ? Deadline(10ms) : Deadline::never();
}

void StopSignal::Notify::operator()() const noexcept { os::notify(fd); }

}  // namespace cohort::subprocess::detail
