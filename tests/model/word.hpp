// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The explorer's word in the place of std::atomic, and the faults that a model test may plant under the library's
// sources.
#pragma once

#include "model/explorer.hpp"

namespace cohort::model {

/// What may be planted in the environment of a core.
enum class Fault {
  none,
  no_heavy_fence,
  no_wake,
  weak_release,
  weak_acquire,
  no_death_seen,
  weak_commit,
  weak_look,
  early_commit
};
inline Fault planted = Fault::none;

/// A word whose orders are weakened when that is planted.
template <class T>
class Word : public Atomic<T> {
  using Base = Atomic<T>;
  static std::memory_order weak(std::memory_order order) {
    if (planted == Fault::weak_acquire && order == std::memory_order_acquire) return std::memory_order_relaxed;
    if (planted == Fault::weak_release && order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
  }

 public:
  using Base::Base;
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) {
    return Base::compare_exchange_strong(expected, desired, weak(success), weak(failure));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) {
    return Base::compare_exchange_strong(expected, desired, weak(order));
  }
  void store(T value, std::memory_order order) { Base::store(value, weak(order)); }
};

}  // namespace cohort::model
