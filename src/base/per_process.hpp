// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One object of each process, which a forked copy has anew: what the fork found in the middle of a change stays so.
//
//   PerProcess<Registry> registry;              // at namespace scope
//   std::lock_guard guard(registry.get().mutex);
//   registry.renew();                           // in a child, just after the fork
#pragma once

#include <atomic>

namespace cohort::detail {

/// A T that is made on first use and never destroyed: threads of ours outlive static destructors, and a lock in it may
/// be held by a thread that a copy of the process does not have.
/// Threads: get() by any. Fork: renew() in the child.
template <class T>
class PerProcess {
 public:
  constexpr PerProcess() noexcept = default;
  PerProcess(const PerProcess&) = delete;
  PerProcess& operator=(const PerProcess&) = delete;

  /// @throws std::bad_alloc, or what T's constructor throws, on first use
  [[nodiscard]] T& get() {
    // SYNC(per_process): release below -> acquire here; carries the object
    Holder* seen = holder_.load(std::memory_order_acquire);
    return seen != nullptr ? seen->object : make();
  }

  /// A fresh object takes the place of this one.
  /// Returns: the former, which stays reachable, so that it is not taken for a leak; nullptr when there was none
  T* renew() {
    auto* fresh = new Holder;
    fresh->former = holder_.load(std::memory_order_relaxed);  // relaxed: a forked child has one thread
    holder_.store(fresh, std::memory_order_release);          // SYNC(per_process): as above
    return fresh->former != nullptr ? &fresh->former->object : nullptr;
  }

 private:
  struct Holder {
    T object;
    Holder* former = nullptr;
  };

  T& make() {
    auto* made = new Holder;
    Holder* seen = nullptr;
    // SYNC(per_process): release here -> acquire in get(), and here where another thread was faster
    if (holder_.compare_exchange_strong(seen, made, std::memory_order_acq_rel, std::memory_order_acquire))
      return made->object;
    delete made;
    return seen->object;
  }

  std::atomic<Holder*> holder_{nullptr};
};

}  // namespace cohort::detail
