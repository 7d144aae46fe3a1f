// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whether a call comes to its end in another thread: what would hang on a lock is a failure, and the test goes on.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace cohort::test {

/// Makes the call in a thread of its own. False when it has not ended in time; the thread is left to it then, with
/// copies of all that the call captured by value.
template <class Call>
[[nodiscard]] bool ends_elsewhere(Call call, std::chrono::seconds patience = std::chrono::seconds(30)) {
  auto ended = std::make_shared<std::promise<void>>();
  std::future<void> end = ended->get_future();
  std::thread([call = std::move(call), ended]() mutable {
    try {
      call();
    } catch (...) {  // NOLINT(bugprone-empty-catch): that it ended is what counts
    }
    ended->set_value();
  }).detach();
  return end.wait_for(patience) == std::future_status::ready;
}

}  // namespace cohort::test
