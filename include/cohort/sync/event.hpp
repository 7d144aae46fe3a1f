// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Event: a flag that any process sets and others wait for.
//
//   cohort::Event ready;
//   cohort::Process p(worker, ready);
//   …
//   ready.set();                                  // the worker's ready.wait() returns true
//
// Who waited when set() was called sees it, even when clear() follows at once (in Python it may miss it).
// Death: a dead waiter leaves nothing behind and never holds up set(). When a process dies inside set(), either nothing
// happened or the flag is set and waiters see it within 50 ms.
// Threads: any. Fork: the child shares the event. Cost: is_set() two loads; set() 10 ns, a system call if somebody sleeps.
// Python:  multiprocessing.Event
#pragma once

#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"

namespace cohort {

class COHORT_EXPORT Event : public SharedHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::event;

  /// A new event that is not set. Throws OutOfFamilyMemory.
  Event();
  explicit Event(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static Event null() noexcept { return Event(Null{}); }

  [[nodiscard]] bool is_set() const;
  /// Sets it and wakes all who wait. What was done before is visible to them.
  void set();
  void clear();
  /// Waits until it is set.
  ///
  /// @returns  true when it is set or was set since the call began; false at the deadline
  /// Blocks:   yes; signals do not end the wait
  bool wait(Deadline deadline = Deadline::never()) const;
  /// The same; false also when a stop is requested.
  bool wait(std::stop_token stop, Deadline deadline = Deadline::never()) const;

 private:
  struct Null {};
  explicit Event(Null) noexcept {}
};

}  // namespace cohort
