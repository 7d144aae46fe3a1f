// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One object among several that somebody waits for: how it looks whether the object is ready, and how it is told of
// changes. Each kind of object that can be waited for makes one (ObjectOperations::watch_point).
//
// Who waits counts itself in the watchers of the object's header, so that a change notifies the family's watch word
// (Objects::ring()), and sets the object's mark if it has one: the next change takes the mark down and looks at the
// watchers. docs/formats/pipe.md, "Waiting".
#pragma once

#include <atomic>
#include <cstdint>

#include "object/objects.hpp"

namespace cohort::object {

struct WatchPoint {
  void* body = nullptr;     ///< of the object whose watchers count us
  void* part = nullptr;     ///< what makes it ready: the body, or a part of it
  std::uint32_t which = 0;  ///< of several such parts
  bool (*ready)(const WatchPoint& point) noexcept = nullptr;
  std::atomic<std::uint32_t>* marks = nullptr;  ///< null: each change looks at the watchers
  std::uint32_t mark_bit = 0;
  /// Wakes one that sleeps for this object alone. Null: the mark stands for nobody else.
  void (*wake_one)(const WatchPoint& point) noexcept = nullptr;

  [[nodiscard]] bool is_ready() const noexcept { return ready(*this); }
  void count_in() const noexcept {
    header_of(body).watchers.fetch_add(1, std::memory_order_relaxed);  // relaxed: the fence of who counts orders
  }
  void count_out() const noexcept {
    header_of(body).watchers.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a count
  }
  /// The next change tells the watchers, and wakes one that sleeps for this object alone.
  void mark() const noexcept {
    // relaxed: the fence of who marks orders
    if (marks != nullptr) marks->fetch_or(mark_bit, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_marked() const noexcept {
    // relaxed: the fence of who marked orders
    return marks != nullptr && (marks->load(std::memory_order_relaxed) & mark_bit) != 0;
  }
  /// The mark that we saw taken may have been that of one that sleeps for this object alone.
  void pass_on() const noexcept {
    if (wake_one != nullptr && is_ready()) wake_one(*this);
  }
};

}  // namespace cohort::object
