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
// Each thread that waits when set() is called sees it, even when clear() follows at once (in Python it may miss it).
// Death: a dead waiter leaves nothing behind and never delays set(). When a process dies inside set(), either nothing
// happened or the flag is set and waiters see it within 50 ms.
// Threads: any. Fork: the child shares the event. Cost: is_set() two loads; set() 10 ns, a system call if a thread sleeps.
// Python:  multiprocessing.Event
#pragma once

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
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
  explicit Event(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}

  [[nodiscard]] bool is_set() const;
  /// Sets it and wakes all threads that wait. They see what this one has done before.
  void set();
  void clear();
  /// Waits until it is set.
  ///
  /// @returns         true when it is set or was set since the call began; false at the deadline
  /// @throws Stopped  a stop was requested before
  /// Blocks:  yes; signals do not end the wait
  bool wait(const Until& until = Until::never()) const;
};

}  // namespace cohort
