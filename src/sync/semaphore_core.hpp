// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A counting semaphore: docs/formats/sync.md "Semaphore", in code.
//
// The value is all there is: an acquire is one compare-exchange that takes one off, so there is no moment at which a
// death could leave a permit neither here nor there. Who has a permit is not recorded, and a permit that a dead process
// had taken stays taken. Permits that have owners: owned_semaphore_core.hpp.
#pragma once

#include <atomic>
#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "sync/acquired.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

inline constexpr std::uint32_t kMostPermits = 2147483647;  // Python's SEM_VALUE_MAX

struct alignas(64) SemaphoreBody {
  std::atomic<std::uint32_t> value{};
  std::atomic<std::uint32_t> waiters{};  ///< futex: park::kAsleep
  std::atomic<std::uint32_t> most{};     ///< constant: what value may not exceed
  std::atomic<std::uint32_t>
      places{};  ///< constant: permits with owners, whose words lie behind; value and most are 0 then
  std::atomic<std::uint32_t> died{};    ///< with owners: 1 from a take-over until somebody says that all is sound
  std::atomic<std::uint32_t> deaths{};  ///< take-overs
};
static_assert(sizeof(SemaphoreBody) == 64);

struct SemaphoreCore {
  static bool try_acquire(SemaphoreBody& body) noexcept {
    // relaxed: the compare-exchange orders
    std::uint32_t value = body.value.load(std::memory_order_relaxed);
    while (value != 0) {
      // SYNC(permit): acquire here <- release compare-exchange in release(); carries what was done before the release
      if (body.value.compare_exchange_weak(value, value - 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    }
    return false;
  }
  static Acquired acquire(SemaphoreBody& body, const Until& until) {
    if (try_acquire(body)) [[likely]]
      return Acquired::yes;
    return acquire_slowly(body, until);
  }
  static Acquired acquire_slowly(SemaphoreBody& body, const Until& until);

  /// Adds `count` permits. False, and nothing done, when there would be more than allowed.
  static bool release(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t count = 1) noexcept {
    std::uint32_t most = body.most.load(std::memory_order_relaxed);  // relaxed: constant
    // relaxed: the compare-exchange decides
    std::uint32_t value = body.value.load(std::memory_order_relaxed);
    do {
      if (value > most || count > most - value) return false;
      // SYNC(permit): release here -> acquire in try_acquire(); acquire so that releases form a chain
    } while (
        !body.value.compare_exchange_weak(value, value + count, std::memory_order_acq_rel, std::memory_order_relaxed));
    wake_after_release(body, self, count);
    return true;
  }

  // ---- for both kinds of permits ------------------------------------------------------------------------------------

  /// Waits until `take()` has taken a permit. `is_there()`: whether one is free. `take_over(patience)`: after a sleep
  /// that nobody ended, whether one could be taken from a dead owner.
  static Acquired wait(SemaphoreBody& body, const Until& until, FunctionRef<bool()> take, FunctionRef<bool()> is_there,
                       park::Hooks::Overdue take_over);
  /// After permits were released: wakes up to `count` of those who sleep.
  static void wake_after_release(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t count) noexcept {
    park::WaitWord(body.waiters).wake(static_cast<int>(count), self.fences, at_semaphore_place);
  }

 private:
  static void at_semaphore_place(park::Place place) noexcept;
};

}  // namespace cohort::sync
