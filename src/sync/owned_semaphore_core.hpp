// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A semaphore that knows who has its permits: docs/formats/sync.md "With owners", in code.
//
// Each permit is a word: free, or the member that has it. One compare-exchange takes it and one gives it back, so at each
// moment a permit is free, or somebody's who can be asked whether he lives. The owner is the process, not the thread: any of
// its threads may release, and which of its words that frees does not matter.
// Death: a permit whose owner died is taken over by the next who waits or tries, which leaves `died` set.
#pragma once

#include <cstddef>

#include "sync/semaphore_core.hpp"

namespace cohort::sync {

/// Most permits that have owners: who looks for a free one may pass over all of them.
inline constexpr std::uint32_t kMostOwnedPermits = 1024;

template <class Env>
struct BasicOwnedSemaphoreCore {
  using Body = BasicSemaphoreBody<Env>;
  using Owner = typename Env::Word64;

  [[nodiscard]] static constexpr std::size_t size_for(std::uint32_t permits) noexcept {
    return sizeof(Body) + permits * sizeof(Owner);
  }
  [[nodiscard]] static std::uint32_t places(const Body& body) noexcept {
    return body.places.load(std::memory_order_relaxed);  // relaxed: constant
  }
  /// Free permits; old at once.
  [[nodiscard]] static std::uint32_t value(const Body& body) noexcept {
    std::uint32_t free = 0;
    // SYNC(permit): release in give() -> acquire here, for who waits for several objects
    for (std::uint32_t i = 0; i < places(body); ++i) free += owner(body, i).load(std::memory_order_acquire) == 0;
    return free;
  }
  [[nodiscard]] static bool is_there(const Body& body) noexcept {
    for (std::uint32_t i = 0; i < places(body); ++i)
      // SYNC(permit): as in value()
      if (owner(body, i).load(std::memory_order_acquire) == 0) return true;
    return false;
  }
  /// How many the calling process has.
  [[nodiscard]] static std::uint32_t held(const Body& body, const ThreadSelf& self) noexcept {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < places(body); ++i)
      count += owner(body, i).load(std::memory_order_relaxed) == self.member;  // relaxed: only we write our name
    return count;
  }

  static bool try_acquire(Body& body, const ThreadSelf& self) noexcept {
    std::uint32_t most = places(body);
    std::uint32_t at = first_place(self, most);
    for (std::uint32_t i = 0; i < most; ++i, at = at + 1 < most ? at + 1 : 0) {
      std::uint64_t free = 0;
      // relaxed: the compare-exchange decides
      if (owner(body, at).load(std::memory_order_relaxed) != 0) continue;
      // SYNC(permit): acquire here <- release in give(); carries what was done before the release
      if (owner(body, at).compare_exchange_strong(free, self.member, std::memory_order_acquire,
                                                  std::memory_order_relaxed))
        return true;
    }
    return false;
  }

  static Acquired acquire(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop = nullptr) {
    std::uint32_t next = first_place(self, places(body));
    return BasicSemaphoreCore<Env>::wait(
        body, self, deadline, stop, [&] { return try_acquire(body, self); }, [&] { return is_there(body); },
        [&](const typename Env::Patience& patience) { return take_over(body, self, next, patience.looks_closest()); });
  }

  /// Gives back `count` permits of the calling process. False, and nothing done, when it has fewer.
  static bool release(Body& body, ThreadSelf& self, std::uint32_t count = 1) noexcept {
    if (count > 1 && held(body, self) < count) return false;  // one is there, or none is given below
    std::uint32_t given = 0;
    std::uint32_t most = places(body);
    std::uint32_t at = first_place(self, most);
    for (std::uint32_t i = 0; i < most && given < count; ++i, at = at + 1 < most ? at + 1 : 0)
      given += give(body, self, at);
    // Fewer than held only when other threads of this process have just released what they had not acquired.
    if (given == 0) return false;
    BasicSemaphoreCore<Env>::wake_after_release(body, self, given);
    return true;
  }

  /// Takes a permit from a dead owner. `next` is where to begin, and where the next look is to go on.
  static bool take_over(Body& body, ThreadSelf& self, std::uint32_t& next, bool thorough) noexcept {
    std::uint32_t most = places(body);
    std::uint64_t alive = self.member;
    std::uint32_t asked = 0;
    for (std::uint32_t i = 0; i < most && asked < kAskedAtOnce; ++i) {
      std::uint32_t at = next;
      next = next + 1 < most ? next + 1 : 0;
      // relaxed: the compare-exchange orders
      std::uint64_t seen = owner(body, at).load(std::memory_order_relaxed);
      if (seen == 0 || seen == alive || seen == self.member) continue;
      ++asked;
      if (!Env::member_is_dead(seen, thorough)) {
        alive = seen;  // it may have others beside this one
        continue;
      }
      // SYNC(permit): the death, which the system reported, orders the dead owner's stores before this
      if (!owner(body, at).compare_exchange_strong(seen, self.member, std::memory_order_acquire,
                                                   std::memory_order_relaxed))
        continue;
      mark_taken_over(body);
      return true;
    }
    return false;
  }

  /// Gives back all permits of `dead`, which is gone for sure. For repairs. True when it had any.
  static bool release_dead(Body& body, ThreadSelf& self, std::uint64_t dead) noexcept {
    bool any = false;
    for (std::uint32_t i = 0; i < places(body); ++i) {
      // By way of ourselves: died must be set before anybody can have the permit.
      std::uint64_t seen = dead;
      // SYNC(permit): as in take_over()
      if (!owner(body, i).compare_exchange_strong(seen, self.member, std::memory_order_acquire,
                                                  std::memory_order_relaxed))
        continue;
      mark_taken_over(body);
      any = true;
      if (give(body, self, i))
        BasicSemaphoreCore<Env>::wake_after_release(body, self, 1);
      else
        (void)release(body, self);  // a thread of ours has freed this one instead of its own
    }
    return any;
  }

 private:
  // 15 µs each: half a millisecond of a look that comes every 50.
  static constexpr std::uint32_t kAskedAtOnce = 32;

  [[nodiscard]] static Owner& owner(Body& body, std::uint32_t at) noexcept {
    return reinterpret_cast<Owner*>(&body + 1)[at];
  }
  [[nodiscard]] static const Owner& owner(const Body& body, std::uint32_t at) noexcept {
    return reinterpret_cast<const Owner*>(&body + 1)[at];
  }
  // Threads begin at different places, so that they seldom meet on one.
  [[nodiscard]] static std::uint32_t first_place(const ThreadSelf& self, std::uint32_t most) noexcept {
    return static_cast<std::uint32_t>((self.word * 0x9e3779b97f4a7c15u >> 32) * most >> 32);
  }
  static bool give(Body& body, const ThreadSelf& self, std::uint32_t at) noexcept {
    std::uint64_t mine = self.member;
    // SYNC(permit): release here -> acquire in try_acquire(), value(), is_there()
    return owner(body, at).compare_exchange_strong(mine, 0, std::memory_order_release, std::memory_order_relaxed);
  }
  static void mark_taken_over(Body& body) noexcept {
    Env::reached(Point::semaphore_taken_over);
    body.died.store(1, std::memory_order_relaxed);        // relaxed: carried by the permit, else a hint
    body.deaths.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    Env::reached(Point::semaphore_told_of_death);
  }
};

using OwnedSemaphoreCore = BasicOwnedSemaphoreCore<System>;
extern template struct BasicOwnedSemaphoreCore<System>;

}  // namespace cohort::sync
