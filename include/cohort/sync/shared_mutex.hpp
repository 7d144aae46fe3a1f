// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// SharedMutex: many readers or one writer, over all processes of the family.
//
//   cohort::SharedMutex mutex;
//   { std::shared_lock reading(mutex); … }
//   { std::unique_lock writing(mutex); … }
//
// A writer that waits keeps new readers out, and readers queue with the writers: neither starves. Not recursive; a thread
// that reads must not read again or write before it has released. Up to 256 threads read at once, further ones wait.
// Death: a reader that dies is forgotten. A writer that dies is replaced, and owner_died() is true until somebody calls
// mark_consistent(). Waiters notice within 50 ms.
// Threads: any. Fork: the child shares the mutex, and holds none of its parent's. Cost: as Lock for readers; a writer also
// looks at 256 words (100 ns).
// Python:  none.
#pragma once

#include <chrono>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/time_point.hpp"

namespace cohort {

class COHORT_EXPORT SharedMutex : public SharedHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::shared_mutex;

  /// A new, free mutex. Throws OutOfFamilyMemory.
  SharedMutex();
  explicit SharedMutex(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static SharedMutex null() noexcept { return SharedMutex(Null{}); }

  /// Takes it for writing. False at the deadline. Throws StateError when this thread holds it already, for writing or reading.
  bool acquire(Deadline deadline = Deadline::never());
  /// The same; false also when a stop is requested.
  bool acquire(std::stop_token stop, Deadline deadline = Deadline::never());
  /// Gives it up. Throws StateError, and changes nothing, when this thread does not hold it for writing.
  void release();
  /// Takes it for reading. False at the deadline. Throws StateError when this thread holds it for writing.
  bool acquire_shared(Deadline deadline = Deadline::never());
  /// The same; false also when a stop is requested.
  bool acquire_shared(std::stop_token stop, Deadline deadline = Deadline::never());
  /// Gives it up. Throws StateError, and changes nothing, when this thread does not hold it for reading.
  void release_shared();

  /// Whether a writer died and nobody has called mark_consistent() since.
  [[nodiscard]] bool owner_died() const;
  /// The writer says that the data is sound again. Throws StateError when the caller is not the writer.
  void mark_consistent();

  /// For std::unique_lock, std::scoped_lock and std::shared_lock.
  void lock() { (void)acquire(); }
  [[nodiscard]] bool try_lock() { return acquire(Deadline::now()); }
  void unlock() { release(); }
  void lock_shared() { (void)acquire_shared(); }
  [[nodiscard]] bool try_lock_shared() { return acquire_shared(Deadline::now()); }
  void unlock_shared() { release_shared(); }
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return acquire(Deadline(timeout));
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& point) {
    return acquire(detail::deadline_at(point));
  }
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& timeout) {
    return acquire_shared(Deadline(timeout));
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& point) {
    return acquire_shared(detail::deadline_at(point));
  }

 private:
  struct Null {};
  explicit SharedMutex(Null) noexcept {}
  bool acquire(const std::stop_token* stop, Deadline deadline);
  bool acquire_shared(const std::stop_token* stop, Deadline deadline);
};

}  // namespace cohort
