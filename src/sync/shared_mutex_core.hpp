// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Many readers or one writer: docs/formats/sync.md "SharedMutex", in code.
//
// A reader writes its name into a free place of a table and looks whether there is a writer; a writer takes a robust
// lock and waits until every place is free. Readers meet on no common word, and each can be asked whether it lives.
// Death: a dead reader's place is freed by the writer that waits for it; a dead writer is replaced like a lock's owner.
#pragma once

#include <cstddef>

#include "cohort/base/function_ref.hpp"
#include "sync/lock_core.hpp"

namespace cohort::sync {

struct alignas(64) SharedMutexBody {
  /// Most readers at once; more wait for a free place.
  static constexpr std::uint32_t kReaders = 256;

  LockBody writer;
  std::atomic<std::uint32_t>
      drain;  ///< futex: park::kAsleep: the writer, or a reader without a place, sleeps until one is free
  std::uint32_t reserved[15];
  std::atomic<std::uint64_t> readers[kReaders];  ///< thread words; 0: free
};

static_assert(offsetof(SharedMutexBody, drain) == 64 && offsetof(SharedMutexBody, readers) == 128);

class SharedMutexCore {
 public:
  explicit SharedMutexCore(SharedMutexBody& body) noexcept : body_(body) {}

  Acquired acquire(ThreadSelf& self, const Until& until);
  Acquired acquire_shared(ThreadSelf& self, const Until& until);
  /// The caller has it alone.
  void release(ThreadSelf& self) noexcept { LockCore::release(body_.writer, self); }
  /// Gives up one of the caller's shared holds. False when it has none.
  bool release_shared(ThreadSelf& self) noexcept;
  /// Frees the places of threads for which `is_dead` holds.
  void mend(ThreadSelf& self, FunctionRef<bool(std::uint64_t thread)> is_dead) noexcept;
  /// Readers now; old at once.
  [[nodiscard]] std::uint32_t readers() const noexcept;

 private:
  [[nodiscard]] std::atomic<std::uint64_t>* enter(const ThreadSelf& self) noexcept;
  void leave(std::atomic<std::uint64_t>& place, ThreadSelf& self) noexcept;
  Acquired acquire_shared_slowly(ThreadSelf& self, const Until& until);
  Acquired await_readers(ThreadSelf& self, const Until& until);
  Acquired await_place(ThreadSelf& self, const Until& until, FunctionRef<bool()> done);
  void free_dead_readers(ThreadSelf& self) noexcept;

  SharedMutexBody& body_;
};

}  // namespace cohort::sync
