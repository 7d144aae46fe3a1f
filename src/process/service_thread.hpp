// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Starts a thread: the one service thread of this process, when something is first watched.
//
// It waits on descriptors, and for points in time, for those parts of the library that must react while no thread of
// the user's is in a call: the watch on children, and on a pool's workers. It outlives all that the program does to its
// descriptors: see watch().
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "cohort/base/deadline.hpp"

namespace cohort::detail {

/// Calls `ready` on the service thread once `fd` is readable, once. `ready` must be short; an exception out of it is
/// logged. It may call watch(). A descriptor that the program closes is not watched any more, which is logged. Returns
/// a number for unwatch(), not 0.
/// Throws with nothing watched.
std::uint64_t watch(int fd, std::function<void()> ready);
/// The function of a watch() or a call_at() will not be called any more; waits until it has returned, if it is running
/// on another thread.
void unwatch(std::uint64_t watch) noexcept;

/// Calls `act` on the service thread once `when` has passed, once. As for watch(): `act` must be short, an exception
/// out of it is logged, and the number returned is for unwatch(). Any thread may call it, the service thread included.
/// Throws with nothing to be called. Cost: a lock, a map node, and a write to an eventfd where no call was due earlier.
std::uint64_t call_at(Deadline when, std::function<void()> act);

/// Around a fork by Cohort: the service thread stands still in between, in none of its functions (but for one that
/// takes longer than 100 ms: it may be waiting for what the caller holds). In the child it does not exist, and nothing
/// is watched.
class ServiceThreadForkGuard {
 public:
  ServiceThreadForkGuard();
  ~ServiceThreadForkGuard();
  ServiceThreadForkGuard(const ServiceThreadForkGuard&) = delete;
  ServiceThreadForkGuard& operator=(const ServiceThreadForkGuard&) = delete;
  /// To be called in the child, before the guard is destroyed there.
  void in_child();

 private:
  std::mutex* held_;  // in the child, that of the former
};

}  // namespace cohort::detail
