// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a requested stop reaches a thread that sleeps on a word in shared memory.
//
//   StopWaker<System> waker(stop, word);       // nothing when stop is null
//   while (…) { …; if (stop_requested) …; sleep(word, value_read_before_that_look) }
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "park/stop_bell.hpp"

namespace cohort::sync {

using park::kDisturbance;

/// While it lives, a stop changes the word and wakes all who sleep on it; those who meant to sleep on go back to it.
template <class Env>
class StopWaker {
 public:
  using Word = typename Env::Word32;
  StopWaker(const std::stop_token* stop, Word& word) {
    if (stop != nullptr && stop->stop_possible()) callback_.emplace(*stop, Waker{&word});
  }

 private:
  struct Waker {
    Word* word;
    void operator()() const noexcept {
      // relaxed: changes the value only; the futex call orders
      word->fetch_add(kDisturbance, std::memory_order_relaxed);
      Env::wake_all(*word);
    }
  };
  std::optional<std::stop_callback<Waker>> callback_;
};

[[nodiscard]] inline bool stop_is_requested(const std::stop_token* stop) noexcept {
  return stop != nullptr && stop->stop_requested();
}

}  // namespace cohort::sync
