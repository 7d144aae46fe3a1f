// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a requested stop reaches a thread that sleeps: on a word that processes share, or for descriptors.
//
//   StopBell bell(until, word);       // nothing when no stop can come
//   while (…) { …; if (until.stopped()) …; sleep(word, value_read_before_that_look) }
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "cohort/base/until.hpp"
#include "os/fd.hpp"
#include "os/futex.hpp"
#include "os/stream_io.hpp"

namespace cohort::park {

/// Words that are slept on keep their meaning in the two lowest bits, if they have one. Those above count disturbances:
/// a stop changes the word under who is about to sleep.
inline constexpr std::uint32_t kDisturbance = 4;

/// While it exists, a stop changes the word and wakes all who sleep on it; those who meant to sleep on go back to it.
class StopBell {
 public:
  StopBell(const Until& until, std::atomic<std::uint32_t>& word) : callback_(until.stop, Disturb{&word}) {}

 private:
  struct Disturb {
    std::atomic<std::uint32_t>* word;
    void operator()() const noexcept {
      // relaxed: changes the value only; the futex call orders
      word->fetch_add(kDisturbance, std::memory_order_relaxed);
      os::futex_wake_all(*word);
    }
  };
  std::stop_callback<Disturb> callback_;
};

/// While it exists, a stop makes its descriptor readable.
class StopDescriptor {
 public:
  /// Throws OsError when the system has no descriptor left; without a stop that can come it needs none.
  explicit StopDescriptor(const Until& until)
      : bell_(until.may_stop() ? os::make_eventfd() : os::Fd()), callback_(until.stop, Notify{bell_.get()}) {}
  /// -1: no stop can come.
  [[nodiscard]] int fd() const noexcept { return bell_.get(); }

 private:
  struct Notify {
    int fd;
    void operator()() const noexcept { os::notify(fd); }
  };
  os::Fd bell_;
  std::stop_callback<Notify> callback_;
};

}  // namespace cohort::park
