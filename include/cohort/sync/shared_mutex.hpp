// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// SharedMutex: many readers or one writer, over all processes of the family.
//
//   cohort::SharedMutex mutex;
//   { std::shared_lock reading(mutex); … }
//   { std::unique_lock writing(mutex); … }
//
// A writer that waits keeps new readers out, and readers queue with the writers: neither starves. It is not recursive: a
// thread that reads must release before it reads again or writes. Up to 256 threads read at once, further ones wait.
// Death: a reader that dies is forgotten. A writer that dies is replaced, and owner_died() is true until a writer calls
// mark_consistent(). Waiters notice a death within 50 ms.
// Threads: any. Fork: the child shares the mutex, and holds none of its parent's. Cost: as Lock for readers; a writer also
// looks at 256 words (100 ns).
// Python:  none.
#pragma once

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/std_lockable.hpp"

namespace cohort {

class COHORT_EXPORT SharedMutex : public SharedHandle,
                                  public detail::StdLockable<SharedMutex>,
                                  public detail::StdSharedLockable<SharedMutex> {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::shared_mutex;

  /// A new, free mutex. Throws OutOfFamilyMemory.
  SharedMutex();
  explicit SharedMutex(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  explicit SharedMutex(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}

  /// Takes it for writing.
  ///
  /// @returns            true when this thread holds it now, false at the deadline
  /// @throws Stopped     a stop was requested; it is not held
  /// @throws StateError  this thread holds it already, for writing or reading
  /// Blocks:  yes; signals do not end the wait
  bool acquire(const Until& until = Until::never());
  /// acquire() that by default does not wait; false also at a stop.
  [[nodiscard]] bool try_acquire(const Until& until = Deadline::now());
  /// Gives it up. Throws StateError, and changes nothing, when this thread does not hold it for writing.
  void release();
  /// Takes it for reading. Returns and throws as acquire(); StateError when this thread holds it for writing.
  bool acquire_shared(const Until& until = Until::never());
  /// acquire_shared() that by default does not wait; false also at a stop.
  [[nodiscard]] bool try_acquire_shared(const Until& until = Deadline::now());
  /// Gives it up. Throws StateError, and changes nothing, when this thread does not hold it for reading.
  void release_shared();

  /// Whether a writer died, and no writer has called mark_consistent() since.
  [[nodiscard]] bool owner_died() const;
  /// The writer says that the data is sound again. Throws StateError when the caller is not the writer.
  void mark_consistent();
};

}  // namespace cohort
