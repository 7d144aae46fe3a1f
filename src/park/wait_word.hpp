// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A word that processes share and sleep on: docs/formats/sync.md "The word to sleep on", in code. All that sleep on
// such a word do it here, so its proof stands once:
//
// - The sleeper sets its mark, fences, looks once more, and sleeps while the word is as it was before the mark. The
//   waker makes its change, fences, and looks for the mark. So either the waker sees the mark, or the sleeper sees the
//   change.
// - The one that takes the mark down sends the wake-up, and before it the word becomes another one than the sleepers
//   know.
// - Who was woken and leaves passes the wake-up on, for the mark may have stood for several.
// - Each sleep is bounded (Patience), and after it the sleeper looks for the dead, so no wake-up that a death takes
//   with it is waited for longer.
//
//   WaitWord word(body.waiters);
//   Waited waited = word.wait([&] { return try_take(); }, until);
//   if (waited.slept) word.pass_on([&] { return is_there(); });
//   …
//   give_back(); word.wake(1, self.fences);
//
// It is a view: the words lie in the body of an object, in the form that docs/formats gives them.
#pragma once

#include <atomic>
#include <climits>
#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "cohort/base/until.hpp"
#include "os/futex.hpp"
#include "park/fence.hpp"
#include "park/patience.hpp"
#include "park/spin.hpp"
#include "park/stop_bell.hpp"

namespace cohort::park {

/// The usual mark: somebody may sleep.
inline constexpr std::uint32_t kAsleep = 1;

/// Where the mark stands that somebody may sleep: a bit of a word of 32 or of 64 bits, or several such.
class Mark {
 public:
  /// None: who waits has said so elsewhere, behind a fence of its own.
  constexpr Mark() noexcept = default;
  constexpr Mark(std::atomic<std::uint32_t>& word, std::uint32_t bit) noexcept : narrow_(&word), bit_(bit) {}
  constexpr Mark(std::atomic<std::uint64_t>& word, std::uint64_t bit) noexcept : wide_(&word), bit_(bit) {}
  /// Several, which this sets; whoever sees one of them takes it and notifies. It must outlive the mark.
  explicit constexpr Mark(const FunctionRef<void()>& set_all) noexcept : set_all_(&set_all) {}

  [[nodiscard]] bool exists() const noexcept { return narrow_ != nullptr || wide_ != nullptr || set_all_ != nullptr; }
  void set() const {
    // relaxed: both: ordered by the heavy fence of who sets it
    if (narrow_ != nullptr) narrow_->fetch_or(narrow(), std::memory_order_relaxed);
    if (wide_ != nullptr) wide_->fetch_or(bit_, std::memory_order_relaxed);
    if (set_all_ != nullptr) (*set_all_)();
  }
  /// True when it was set.
  bool take() const noexcept {
    // relaxed: both: who takes it sends the wake-up; the futex call orders
    if (narrow_ != nullptr) return (narrow_->fetch_and(~narrow(), std::memory_order_relaxed) & narrow()) != 0;
    return wide_ != nullptr && (wide_->fetch_and(~bit_, std::memory_order_relaxed) & bit_) != 0;
  }
  [[nodiscard]] bool is_set() const noexcept {
    // relaxed: both: ordered by the light fence of who looks
    if (narrow_ != nullptr) return (narrow_->load(std::memory_order_relaxed) & narrow()) != 0;
    return wide_ != nullptr && (wide_->load(std::memory_order_relaxed) & bit_) != 0;
  }

 private:
  [[nodiscard]] std::uint32_t narrow() const noexcept { return static_cast<std::uint32_t>(bit_); }

  std::atomic<std::uint32_t>* narrow_ = nullptr;
  std::atomic<std::uint64_t>* wide_ = nullptr;
  const FunctionRef<void()>* set_all_ = nullptr;
  std::uint64_t bit_ = 0;
};

/// How far a wait has come, for a look that wants to know.
struct Progress {
  bool spinning = true;  ///< has not been about to sleep yet, or spins again
  bool slept = false;
  unsigned wakes = 0;  ///< times that it was woken, in vain so far
};

/// How a wait ended.
struct Waited {
  enum class End : std::uint8_t { ready, timed_out, stopped };
  End end = End::ready;
  bool slept = false;  ///< the caller is to pass the wake-up on

  [[nodiscard]] bool ready() const noexcept { return end == End::ready; }
};

/// Places at which a test may want to kill the process.
enum class Place : std::uint8_t {
  announced,       ///< sleeper: between the fence and the look after it
  about_to_sleep,  ///< sleeper: has looked
  woken,           ///< sleeper
  seen,            ///< waker: has seen the mark, which is still there
  claimed,         ///< waker: has taken the mark down or changed the word; nobody is woken yet
};
/// Is told of each such place. A plain function, because the name of a crash point lies in one.
using AtPlace = void (*)(Place) noexcept;
inline void at_no_place(Place) noexcept {}

/// What a kind of object adds to its waits.
struct Hooks {
  using Overdue = FunctionRef<bool(const Patience&)>;
  static constexpr auto kNothingOverdue = [](const Patience&) noexcept { return false; };

  SpinPolicy spin = kSpinBeforeSleep;
  bool beside = false;  ///< whom we wait for was last seen on this processor
  Patience patience{};
  AtPlace at = at_no_place;
  /// After a sleep that nobody ended: looks whether somebody died. True: the wait is over, as if ready.
  Overdue overdue = kNothingOverdue;
};

class WaitWord {
 public:
  static constexpr int kAll = INT_MAX;

  /// Mark and word are one: a bit of `word`, which holds marks alone in its two lowest bits.
  explicit constexpr WaitWord(std::atomic<std::uint32_t>& word, std::uint32_t bit = kAsleep) noexcept
      : word_(word), mark_(word, bit), bit_(bit) {}
  /// The word is a counter; the mark stands elsewhere.
  /// @param fences  both_full: who wakes issues full_fence() itself and then calls wake_marked() or notify()
  constexpr WaitWord(std::atomic<std::uint32_t>& counter, Mark mark, Fences fences = Fences::light_and_heavy) noexcept
      : word_(counter), mark_(mark), fences_(fences) {}

  // ---- who waits ---------------------------------------------------------------------------------------------------

  /// Waits until `ready`: a look, which may take what it finds. It is asked first, and again behind the fence; an
  /// exception of it ends the wait. What is ready when the deadline passes or a stop is requested is taken all the
  /// same.
  /// @param progress  how far it has come, for a look that asks
  Waited wait(FunctionRef<bool()> ready, const Until& until, const Hooks& hooks, Progress& progress) const;
  Waited wait(FunctionRef<bool()> ready, const Until& until, const Hooks& hooks = {}) const {
    Progress progress;
    return wait(ready, until, hooks, progress);
  }
  /// After a wait that slept: others may still sleep for what the mark told of. One is woken when `more`, and who makes
  /// something from now on wakes one.
  void pass_on(FunctionRef<bool()> more, AtPlace at = at_no_place) const;
  /// The mark and its fence, for who looks and sleeps elsewhere.
  /// @return the word as it must be for a sleep
  std::uint32_t announce() const;

  // ---- who has something -------------------------------------------------------------------------------------------

  /// Wakes up to `count` after a change. One load of the mark when nobody sleeps.
  /// @param full  as of light_fence()
  void wake(int count, bool full, AtPlace at = at_no_place) const noexcept {
    light_fence(full);
    if (mark_.is_set()) [[unlikely]]
      wake_marked(count, at);
  }
  /// Wakes all after a change.
  void wake_all(bool full, AtPlace at = at_no_place) const noexcept {
    light_fence(full);
    if (mark_.is_set()) [[unlikely]]
      wake_marked(kAll, at);
  }
  /// The same behind a fence of the caller's, or after a look of its own.
  void wake_marked(int count, AtPlace at = at_no_place) const noexcept;
  /// Only the fence and the look.
  [[nodiscard]] bool anyone_asleep(bool full) const noexcept {
    light_fence(full);
    return mark_.is_set();
  }
  /// A counter only. Changes it and wakes up to `count`; what became of the mark is the caller's.
  void notify(int count, AtPlace at = at_no_place) const noexcept;
  /// Wakes up to `count`. The word is another one already. Returns how many slept.
  int wake_sleepers(int count) const noexcept { return os::futex_wake(word_, count); }

 private:
  [[nodiscard]] bool has_own_mark() const noexcept { return bit_ != 0; }
  [[nodiscard]] bool claim() const noexcept;
  [[nodiscard]] static bool spin(FunctionRef<bool()> ready, Progress& progress, const Until& until, const Hooks& hooks);

  std::atomic<std::uint32_t>& word_;
  Mark mark_;
  std::uint32_t bit_ = 0;  ///< of the word itself; 0: the word is a counter
  Fences fences_ = Fences::light_and_heavy;
};

}  // namespace cohort::park
