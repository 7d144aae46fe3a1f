// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The name of a thread in the words of locks: one number that no other thread of the family has, and by which anybody
// can find out whether the thread still runs.
//
//   std::uint64_t me = this_thread().word;
//
// A forked child finds that the name it inherited is not its own, because the member word lies in a page that is wiped
// on fork, and takes a name of its own at the first use.
// Layout: docs/formats/sync.md "Thread words".
#pragma once

#include <atomic>
#include <cstdint>

#include "family/layout.hpp"

namespace cohort::sync {

/// Parts of a thread word: number of the thread, slot and generation of its member, start time of the thread.
struct ThreadWord {
  static constexpr unsigned kTidBits = 22;  // the kernel's PID_MAX_LIMIT is 2^22
  static constexpr unsigned kSlotBits = 12;
  static constexpr unsigned kGenerationBits = 13;
  static constexpr unsigned kStartBits = 16;
  static_assert(kTidBits + kSlotBits + kGenerationBits + kStartBits == 63);
  static_assert(1u << kSlotBits == family::kMaxMembers);

  std::uint32_t tid = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< the low 13 bits
  std::uint32_t start = 0;       ///< the low 16 bits; 0: unknown

  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    std::uint64_t word = start & ((1u << kStartBits) - 1);
    word = word << kGenerationBits | (generation & ((1u << kGenerationBits) - 1));
    word = word << kSlotBits | (slot & ((1u << kSlotBits) - 1));
    return word << kTidBits | (tid & ((1u << kTidBits) - 1));
  }
  [[nodiscard]] static constexpr ThreadWord unpack(std::uint64_t word) noexcept {
    ThreadWord parts;
    parts.tid = static_cast<std::uint32_t>(word & ((1u << kTidBits) - 1));
    word >>= kTidBits;
    parts.slot = static_cast<std::uint32_t>(word & ((1u << kSlotBits) - 1));
    word >>= kSlotBits;
    parts.generation = static_cast<std::uint32_t>(word & ((1u << kGenerationBits) - 1));
    word >>= kGenerationBits;
    parts.start = static_cast<std::uint32_t>(word & ((1u << kStartBits) - 1));
    return parts;
  }
  /// Whether the thread belongs to that member.
  [[nodiscard]] constexpr bool is_of(family::MemberId member) const noexcept {
    return slot == member.slot && generation == (member.generation & ((1u << kGenerationBits) - 1));
  }
};

/// What a thread knows of itself.
struct ThreadSelf {
  std::uint64_t word;                             ///< its ThreadWord
  const std::atomic<std::uint64_t>* member_word;  ///< ProcessPage::member
  std::uint64_t member;                           ///< what *member_word must be for the rest to hold
  bool fences;                                    ///< it must fence itself: the system has no remote fences
  std::int32_t cpu;                               ///< the processor that it was last seen on; -1 unknown
};

inline constexpr std::atomic<std::uint64_t> kNoMemberWord{0};

// Initial-exec: one load relative to the thread pointer instead of a call.
extern constinit thread_local ThreadSelf thread_self __attribute__((tls_model("initial-exec")));

/// Takes a name for this thread, joining the family if need be: 20 µs. Throws what Family::self() throws.
ThreadSelf& identify_thread();

/// The calling thread's name. Throws what Family::self() throws.
/// Cost: three loads
inline ThreadSelf& this_thread() {
  ThreadSelf& self = thread_self;
  // relaxed: a word of this process's own page, compared only
  if (self.member_word->load(std::memory_order_relaxed) == self.member) [[likely]]
    return self;
  return identify_thread();
}

/// True when the thread that `word` names is gone for sure: itself, or its process. 15 µs.
/// @param thorough  also ask whether its process has replaced its program by exec(): 60 µs
[[nodiscard]] bool thread_is_dead(std::uint64_t word, bool thorough) noexcept;
/// The same for a process: ThreadSelf::member.
[[nodiscard]] bool member_is_dead(std::uint64_t member, bool thorough) noexcept;

}  // namespace cohort::sync
