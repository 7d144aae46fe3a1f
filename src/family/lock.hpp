// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The lock that guards the family memory's own structures. Its holder may be killed at any instruction.
//
// The word names the holding process by pid and start time, so that a waiter can ask the system whether the holder
// still runs, and take over from a dead one. Waits are bounded (1 ms, then up to 50 ms), so neither a death nor a
// wake-up that was never sent is waited for longer than that. Not for users: cohort::Lock is in sync.
// Threads: any; a thread that waits for another of its own process simply waits. Not recursive.
// Words:   docs/formats/family-memory.md "The internal locks"
#pragma once

#include "cohort/base/deadline.hpp"
#include "cohort/base/error.hpp"
#include "family/layout.hpp"
#include "os/process_identity.hpp"

namespace cohort::family {

/// A lock of ours was held by another process, which may be stopped, until the deadline of the call. Nothing was done.
class LockedOut final : public TimeoutError {
 public:
  LockedOut();
};

/// While it exists, the calling thread waits for the locks of the family and of the insides of its objects no longer
/// than until `deadline`; but kLeastLockWait at least, since who holds one is as a rule done in a moment. For calls
/// with a deadline: a holder may be stopped for as long as somebody likes.
class LockDeadline {
 public:
  explicit LockDeadline(Deadline deadline) noexcept : before_(current) {
    current = Deadline::earlier(before_, deadline);
  }
  ~LockDeadline() { current = before_; }
  LockDeadline(const LockDeadline&) = delete;
  LockDeadline& operator=(const LockDeadline&) = delete;

  /// Takes the limits away while user code runs, which has its own.
  class Lifted {
   public:
    Lifted() noexcept : before_(current) { current = Deadline::never(); }
    ~Lifted() { current = before_; }
    Lifted(const Lifted&) = delete;
    Lifted& operator=(const Lifted&) = delete;

   private:
    Deadline before_;
  };

  /// When a wait that begins now is to give up.
  [[nodiscard]] static Deadline for_this_wait();

 private:
  static constinit thread_local Deadline current __attribute__((tls_model("initial-exec")));
  Deadline before_;
};

class LockGuard {
 public:
  /// Takes the lock. Throws LockedOut when a LockDeadline says so. damaged() says whether somebody died while holding
  /// it and the repair is not yet done.
  LockGuard(LockWord& lock, const os::ProcessIdentity& self) : lock_(lock) {
    std::uint64_t mine = word_of(self);
    std::uint64_t expected = 0;
    // SYNC(lock): release exchange in ~LockGuard -> acquire here; carries all that the lock guards
    if (!lock.word.compare_exchange_strong(expected, mine, std::memory_order_acquire, std::memory_order_relaxed))
      wait(mine);
  }
  ~LockGuard() {
    // SYNC(lock): release here -> acquire in LockGuard() and wait()
    if ((lock_.word.exchange(0, std::memory_order_release) & kWaiters) != 0) wake();
  }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

  [[nodiscard]] bool damaged() const noexcept {
    return lock_.damaged.load(std::memory_order_relaxed) != 0;  // relaxed: written under the lock
  }
  /// The repair is complete.
  void mark_repaired() noexcept { lock_.damaged.store(0, std::memory_order_relaxed); }  // relaxed: under the lock
  void mark_damaged() noexcept { lock_.damaged.store(1, std::memory_order_relaxed); }   // relaxed: under the lock

  static constexpr std::uint64_t kWaiters = std::uint64_t{1} << 31;
  static constexpr std::uint64_t kPidMask = (std::uint64_t{1} << 30) - 1;
  [[nodiscard]] static std::uint64_t word_of(const os::ProcessIdentity& self) noexcept {
    return self.start_time << 32 | (static_cast<std::uint64_t>(self.pid) & kPidMask);
  }

 private:
  void wait(std::uint64_t mine);
  void wake() noexcept;

  LockWord& lock_;
};

/// True when the process that a lock word names has ended for sure, or (where `memory` names the memory object, not 0)
/// has replaced its program by exec() and so cannot go on from where it was.
[[nodiscard]] bool lock_holder_is_dead(std::uint64_t word, std::uint64_t memory = 0) noexcept;

}  // namespace cohort::family
