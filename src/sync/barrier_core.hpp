// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A meeting point for a fixed number of threads: docs/formats/sync.md "Barrier", in code.
//
// Each meeting is a phase with a number. Everything changes under an internal robust lock, and the store of the next
// phase's number ends a meeting: until then nobody has passed, from then on nobody's death matters to it.
// Death: of one who waits, or runs the action, breaks the barrier; the others look for that every 50 ms, and the repair
// of its process does so at once. A death while the internal lock is held breaks it too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "sync/lock_core.hpp"

namespace cohort::sync {

/// How a phase ended, for who comes to see it late.
inline constexpr std::uint32_t kPhases = 64;

struct alignas(64) BarrierBody {
  static constexpr std::size_t kActionBytes = 256;

  LockBody lock;
  std::atomic<std::uint64_t> phase;           ///< number of the meeting that is under way
  std::atomic<std::uint32_t> sleepers;        ///< futex: park::kAsleep
  std::atomic<std::uint32_t> parties;         ///< constant
  std::atomic<std::uint32_t> count;           ///< who have come
  std::atomic<std::uint32_t> broken;          ///< 1 until reset()
  std::atomic<std::uint32_t> acting;          ///< 1 while the action runs
  std::atomic<std::uint32_t> action_size;     ///< constant; 0: no action
  std::atomic<std::int64_t> timeout;          ///< nanoseconds, constant; -1: none
  std::atomic<std::uint8_t> passed[kPhases];  ///< of phase p at p % kPhases: 1 passed, 0 broken
  std::atomic<std::uint64_t> action_parcel;   ///< keeps alive what the action refers to
  std::byte action[kActionBytes];             ///< constant: how to call it

  // Behind it: `parties` thread words, of which the first `count` are those of who has come.
  [[nodiscard]] std::atomic<std::uint64_t>& inside(std::uint32_t index) noexcept {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(this + 1)[index];
  }
  [[nodiscard]] static std::size_t size_for(std::uint32_t parties) noexcept {
    return sizeof(BarrierBody) + parties * sizeof(std::atomic<std::uint64_t>);
  }
};

static_assert(offsetof(BarrierBody, phase) == 64 && offsetof(BarrierBody, action) == 176 && sizeof(BarrierBody) == 448);

class BarrierCore {
 public:
  explicit BarrierCore(BarrierBody& body) noexcept : body_(body) {}

  /// What became of a wait. `index` is meaningful when it passed.
  struct Outcome {
    bool passed = false;
    std::uint32_t index = 0;
    bool came = true;      ///< false: nothing was done, as a suspended party held the insides until the deadline
    bool stopped = false;  ///< a stop ended the wait, which broke the barrier
  };
  using Action = FunctionRef<void()>;

  /// Waits for the others. The last to come runs the action (nullptr: none), without any lock.
  /// Throws what the action throws; the barrier is broken then.
  Outcome wait(ThreadSelf& self, const Until& until, const Action* action);
  /// Breaks the barrier: who waits gets Outcome::passed == false, and so does who comes, until reset().
  void abort(ThreadSelf& self) noexcept;
  /// Makes it as new: who waits gets Outcome::passed == false.
  void reset(ThreadSelf& self) noexcept;
  [[nodiscard]] bool broken(ThreadSelf& self) noexcept;
  [[nodiscard]] std::uint32_t waiting() const noexcept;
  /// Breaks it when a thread for which `is_dead` holds is inside.
  void mend(ThreadSelf& self, FunctionRef<bool(std::uint64_t thread)> is_dead) noexcept;

 private:
  class Turn;
  enum class Arrival : std::uint8_t { broken, first, last, too_late, stopped };

  Arrival arrive(ThreadSelf& self, const Until& until, std::uint64_t& phase, std::uint32_t& index);
  bool run(ThreadSelf& self, std::uint64_t phase, const Action* action, Deadline deadline);
  Outcome await(ThreadSelf& self, std::uint64_t phase, std::uint32_t index, const Until& until);
  Acquired sleep(ThreadSelf& self, std::uint64_t phase, const Until& until);
  void look_for_the_dead(ThreadSelf& self, std::uint64_t phase) noexcept;
  void end_phase(bool passed) noexcept;
  void break_phase(ThreadSelf& self, std::uint64_t phase, Deadline deadline = Deadline::never()) noexcept;
  void wake(ThreadSelf& self) noexcept;
  [[nodiscard]] bool has_passed(std::uint64_t phase) const noexcept;

  BarrierBody& body_;
};

}  // namespace cohort::sync
