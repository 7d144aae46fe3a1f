// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One object among several that somebody waits for: how it looks whether the object is ready, and how it is told of changes.
//
// Who waits counts itself in the watchers of the object's header, so that a change notifies the family's watch word
// (Objects::ring()), and sets a mark where the object has one: the next change of that side takes the mark down and looks
// at the watchers. docs/formats/pipe.md, "Waiting".
#pragma once

#include <atomic>
#include <cstdint>

#include "object/objects.hpp"
#include "ring/side_lock.hpp"

namespace cohort::watch {

struct WatchPoint {
  void* body = nullptr;  ///< of the object whose watchers count us
  bool (*ready)(const WatchPoint& point) noexcept = nullptr;
  ring::RingSide* side = nullptr;  ///< whose progress makes it ready; null: each change looks at the watchers
  std::uint32_t end = 0;           ///< of a pipe

  [[nodiscard]] bool is_ready() const noexcept { return ready(*this); }
  void count_in() const noexcept {
    object::header_of(body).watchers.fetch_add(1,
                                               std::memory_order_relaxed);  // relaxed: the fence of who counts orders
  }
  void count_out() const noexcept {
    object::header_of(body).watchers.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a count
  }
  /// The next change of the side wakes one who sleeps for this object alone, and tells the watchers.
  void mark() const noexcept {
    // relaxed: the fence of who marks orders
    if (side != nullptr) side->waiters.fetch_or(ring::kPartners, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_marked() const noexcept {
    // relaxed: the fence of who marked orders
    return side != nullptr && (side->waiters.load(std::memory_order_relaxed) & ring::kPartners) != 0;
  }
  /// The mark that we saw taken may have been that of one who sleeps for this object alone.
  void pass_on() const noexcept {
    if (side != nullptr && is_ready()) ring::wake_partners(*side, 1);
  }
};

}  // namespace cohort::watch
