// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What this process has done with a shared object, and how many of its calls use the object: the bits of the one word
// that all handles of the object in this process share (SharedHandle::local_flags()). Also of what is no shared object,
// but is closed while others may use it.
//
//   bool open = state.begin_use();            // each begin_use() is followed by an end_use(), whatever it returned
//   …
//   if (state.end_use()) let_go();            // true for one caller: it is closed, and nobody uses it any more
//
// Threads: any. Fork: a copy of the process that was made while other threads were in a call finds their number too
// large: its close() then lets go of the object only with the process.
#pragma once

#include <atomic>
#include <cstdint>

namespace cohort::watch {

class LocalState {
 public:
  explicit LocalState(std::atomic<std::uint32_t>& word) noexcept : word_(&word) {}

  // ---- closed in this process ---------------------------------------------------------------------------------------

  [[nodiscard]] bool closed() const noexcept { return (load() & kClosed) != 0; }
  /// False: it was closed before.
  bool close() noexcept {
    // SYNC(use): as in end_use()
    return (word_->fetch_or(kClosed, std::memory_order_acq_rel) & kClosed) == 0;
  }

  // ---- polled: it has a descriptor in this process, or had one in the process that this one is a copy of ------------

  [[nodiscard]] bool polled() const noexcept { return (load() & kPolled) != 0; }
  void set_polled(bool polled) noexcept {
    // relaxed: both: a flag; a fence orders where that matters
    if (polled)
      word_->fetch_or(kPolled, std::memory_order_relaxed);
    else
      word_->fetch_and(~kPolled, std::memory_order_relaxed);
  }

  // ---- calls that use it --------------------------------------------------------------------------------------------

  /// A call begins. False: it is closed; the call must not touch it.
  [[nodiscard]] bool begin_use() noexcept {
    // relaxed: a count, and a flag that is looked at again
    return (word_->fetch_add(1, std::memory_order_relaxed) & kClosed) == 0;
  }
  /// A call is over. True for one caller: it is closed and unused, and to be let go of.
  [[nodiscard]] bool end_use() noexcept {
    // SYNC(use): release here -> acquire of the one that lets go; carries that this call is over
    std::uint32_t before = word_->fetch_sub(1, std::memory_order_acq_rel);
    return (before & kClosed) != 0 && claim_unused();
  }
  /// As end_use(), for who has closed it without a use of its own.
  [[nodiscard]] bool claim_unused() noexcept {
    std::uint32_t seen = load();
    while ((seen & (kClosed | kReleased | kUses)) == kClosed)
      // SYNC(use): as in end_use()
      if (word_->compare_exchange_weak(seen, seen | kReleased, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  /// Whether others use it beside the caller.
  [[nodiscard]] bool used_by_others() const noexcept { return (load() & kUses) > 1; }

  /// Whether both are the state of one object.
  friend bool operator==(const LocalState& a, const LocalState& b) noexcept { return a.word_ == b.word_; }

 private:
  static constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kPolled = std::uint32_t{1} << 30;
  static constexpr std::uint32_t kReleased = std::uint32_t{1} << 29;  // by one only, or it would be let go of twice
  static constexpr std::uint32_t kUses = kReleased - 1;

  // relaxed: flags, and a count that only its last user acts on
  [[nodiscard]] std::uint32_t load() const noexcept { return word_->load(std::memory_order_relaxed); }

  std::atomic<std::uint32_t>* word_;
};

}  // namespace cohort::watch
