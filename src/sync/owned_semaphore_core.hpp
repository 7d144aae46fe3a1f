// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A semaphore that knows who has its permits: docs/formats/sync.md "With owners", in code.
//
// Each permit is a word: free, or the member that has it. One compare-exchange takes it and one gives it back, so at
// each moment a permit is free, or somebody's who can be asked whether he lives. The owner is the process, not the
// thread: any of its threads may release, and which of its words that frees does not matter.
// Death: a permit whose owner died is taken over by the next who waits or tries, which leaves `died` set.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sync/semaphore_core.hpp"

namespace cohort::sync {

/// Most permits that have owners: who looks for a free one may pass over all of them.
inline constexpr std::uint32_t kMostOwnedPermits = 1024;

struct OwnedSemaphoreCore {
  using Owner = std::atomic<std::uint64_t>;

  [[nodiscard]] static constexpr std::size_t size_for(std::uint32_t permits) noexcept {
    return sizeof(SemaphoreBody) + permits * sizeof(Owner);
  }
  [[nodiscard]] static std::uint32_t places(const SemaphoreBody& body) noexcept {
    return body.places.load(std::memory_order_relaxed);  // relaxed: constant
  }
  /// Free permits; old at once.
  [[nodiscard]] static std::uint32_t value(const SemaphoreBody& body) noexcept;
  [[nodiscard]] static bool is_there(const SemaphoreBody& body) noexcept;
  /// How many the calling process has.
  [[nodiscard]] static std::uint32_t held(const SemaphoreBody& body, const ThreadSelf& self) noexcept;

  static bool try_acquire(SemaphoreBody& body, const ThreadSelf& self) noexcept;
  static Acquired acquire(SemaphoreBody& body, const ThreadSelf& self, const Until& until);
  /// Gives back `count` permits of the calling process. False, and nothing done, when it has fewer.
  static bool release(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t count = 1) noexcept;
  /// Takes a permit from a dead owner. `next` is where to begin, and where the next look is to go on.
  static bool take_over(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t& next, bool thorough) noexcept;
  /// Gives back all permits of `dead`, which is gone for sure. For repairs. True when it had any.
  static bool release_dead(SemaphoreBody& body, const ThreadSelf& self, std::uint64_t dead) noexcept;
};

}  // namespace cohort::sync
