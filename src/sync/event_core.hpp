// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A flag that processes wait for: docs/formats/sync.md "Event", in code.
//
// Each set() gives the state a number of its own, so that who waited sees it even when clear() follows at once. Nobody
// is counted: a dead waiter leaves nothing behind.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/acquired.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

struct alignas(64) EventBody {
  std::atomic<std::uint32_t> state{};    ///< bit 0: set; the rest counts sets
  std::atomic<std::uint32_t> waiters{};  ///< futex: park::kAsleep
};
static_assert(sizeof(EventBody) == 64);

struct EventCore {
  [[nodiscard]] static bool is_set(const EventBody& body) noexcept {
    // SYNC(event): acquire here <- release in set(); carries what was done before the set
    return (body.state.load(std::memory_order_acquire) & 1) != 0;
  }
  static void set(EventBody& body, const ThreadSelf& self) noexcept;
  static void clear(EventBody& body) noexcept {
    body.state.fetch_and(~std::uint32_t{1}, std::memory_order_relaxed);  // relaxed: nothing is handed over
  }
  /// `yes` when it is set, or was set at some moment since the call began.
  static Acquired wait(EventBody& body, const Until& until);
};

}  // namespace cohort::sync
