// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Starts a thread: one a pool, at the first task whose result is to be delivered although no thread of the program's
// waits.
//
// It waits for results as a thread of the program's does, while such a task is open, and sleeps for nothing else. It is
// not the service thread: that sleeps for descriptors, and a result comes by a word; and what the user wants to be
// called with a result must not hold up the notice of deaths. Where no task asks for it, there is none, and nothing
// costs more.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace cohort::detail {

/// Destruction and stop() end the thread. Threads: any.
class ResultThread {
 public:
  ResultThread();
  ResultThread(const ResultThread&) = delete;
  ResultThread& operator=(const ResultThread&) = delete;
  ~ResultThread();

  /// A task is about to be handed in whose result is to be delivered. Starts the thread when there is none; throws
  /// OsError.
  /// @param wait  waits for results and delivers them until `done`, which it asks under no lock
  void expect_result(const std::function<void(const std::function<bool()>& done)>& wait);
  /// One of them has been delivered, or was not handed in.
  void result_delivered() noexcept;
  /// How many are expected.
  [[nodiscard]] std::size_t expected() const noexcept;
  /// The thread waits for nothing more from now on. Waits until it does not, 1 s at most: it may be the caller.
  void stop() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cohort::detail
