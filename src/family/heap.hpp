// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One heap of the family memory: buddy blocks whose truth is one 8-byte word each.
//
// Every change of state is committed by one store to the word of a block's first unit; free lists and counters are
// derived from the words and rebuilt from them when a process died while it held the lock. All calls are made under the
// memory lock (blocks.hpp), but for those that say otherwise.
// Layout, states and the table of deaths: docs/formats/family-memory.md. The lazy merging follows the idea of
// T. P. Lee and R. E. Barkley, "A watermark-based lazy buddy system for kernel memory allocation", USENIX 1989.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "family/layout.hpp"
#include "family/windows.hpp"

namespace cohort::family {

/// The word of a block's first unit, in its parts.
///
///   bits  0..1   kind: 1 free, 2 used      bits  4..8   order: the block has 2^order units
///   bit   2      holds pages               bits 12..23  owner's slot
///   bits 24..31  0xC5                      bits 32..63  owner's generation     other bits: 0
struct BlockWord {
  enum Kind : unsigned { none = 0, free = 1, used = 2 };
  static constexpr std::uint64_t kTag = std::uint64_t{0xC5} << 24;
  static constexpr std::uint64_t kOwnerMask = 0xffffffff00fff000;

  [[nodiscard]] static constexpr std::uint64_t make_free(unsigned order, bool warm) {
    return free | (warm ? 4U : 0U) | order << 4 | kTag;
  }
  [[nodiscard]] static constexpr std::uint64_t make_used(unsigned order, MemberId owner) {
    return used | 4U | order << 4 | kTag | owner_bits(owner);
  }
  [[nodiscard]] static constexpr std::uint64_t owner_bits(MemberId owner) {
    return static_cast<std::uint64_t>(owner.generation) << 32 | static_cast<std::uint64_t>(owner.slot & 0xfffU) << 12;
  }
  [[nodiscard]] static constexpr unsigned kind(std::uint64_t word) { return word & 3; }
  [[nodiscard]] static constexpr bool warm(std::uint64_t word) { return (word & 4) != 0; }
  [[nodiscard]] static constexpr unsigned order(std::uint64_t word) { return word >> 4 & 31; }
  [[nodiscard]] static constexpr MemberId owner(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 12 & 0xfff), static_cast<std::uint32_t>(word >> 32)};
  }
  [[nodiscard]] static constexpr bool is_sound(std::uint64_t word) {
    return (word & 0xff000e08) == kTag && (kind(word) == free || kind(word) == used);
  }
};

/// Bytes of a block of that order.
[[nodiscard]] constexpr std::uint64_t block_bytes(unsigned order) { return kUnitSize << order; }
/// The least order that holds `size` bytes.
[[nodiscard]] unsigned order_for(std::uint64_t size) noexcept;

class Heap {
 public:
  Heap(Windows& windows, const HeapPlace& place, HeapState& state) noexcept
      : windows_(windows), place_(place), state_(state) {}

  enum class Outcome { done, over_budget, no_space, damaged };
  struct Allocation {
    Outcome outcome = Outcome::no_space;
    Offset offset = 0;
    bool warm = false;  ///< the block may hold old bytes; else it reads as zero
  };

  /// Takes a block of 2^order units. `spare` is what the budget still allows for bytes that are neither used nor kept.
  /// `last_part`: whether a small block may lie in the last eighth of the heap, which is kept for who takes things out.
  Allocation allocate(unsigned order, MemberId owner, std::uint64_t spare, bool last_part = true);
  /// Frees the block at `unit`, whose word was `word` and must not have changed. Returns false if it has.
  bool free(std::uint64_t unit, std::uint64_t word);
  /// Merges all free buddies.
  void coalesce();
  /// True when freed blocks keep so many pages that trimming is due.
  [[nodiscard]] bool wants_trim(std::uint64_t high_water) const noexcept {
    // relaxed: guarded by the memory lock
    return kept_bytes() > high_water && kept_bytes() > state_.trim_above.load(std::memory_order_relaxed);
  }
  /// Gives pages of free blocks back until at most `target` bytes are kept (or no whole page is left to give).
  void trim(std::uint64_t target);
  /// Frees all blocks whose owner `is_gone`; returns how many. Walks all blocks: 3 ns each.
  std::size_t free_owned_by(FunctionRef<bool(MemberId)> is_gone);
  /// Builds the derived data again. False when the words themselves are unsound.
  [[nodiscard]] bool rebuild();
  /// nullptr, or the first fault.
  [[nodiscard]] const char* validate();

  /// The unit at `offset`, or -1 when none begins there. Needs no lock.
  [[nodiscard]] std::int64_t unit_at(Offset offset) const noexcept {
    std::uint64_t distance = offset - place_.base;
    if (offset < place_.base || distance >= place_.units * kUnitSize || distance % kUnitSize != 0) return -1;
    return static_cast<std::int64_t>(distance / kUnitSize);
  }
  /// The word of a unit. Only that of a block's first unit means anything. Needs no lock.
  [[nodiscard]] std::atomic<std::uint64_t>& word_at(std::uint64_t unit) { return unit_of(unit).word; }

  // relaxed: all of them: written under the lock; who reads without it gets a recent number
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return state_.used_bytes.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t kept_bytes() const noexcept { return state_.kept_bytes.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used_blocks() const noexcept {
    return state_.used_blocks.load(std::memory_order_relaxed);
  }

 private:
  // Masked, so that a link that a stray write has spoilt leads to a wrong unit at worst, never out of the table.
  [[nodiscard]] Unit& unit_of(std::uint64_t unit) {
    std::uint64_t index = unit & (place_.units - 1);
    return *reinterpret_cast<Unit*>(windows_.known_address(place_.table + index * sizeof(Unit)));
  }
  void push(std::uint64_t unit, unsigned order, bool warm);
  [[nodiscard]] bool unlink(std::uint64_t unit, unsigned order, bool warm);
  [[nodiscard]] int choose_list(unsigned order, bool warm) const noexcept;
  [[nodiscard]] Allocation carve(std::uint64_t unit, unsigned from, unsigned order, bool warm, MemberId owner);
  [[nodiscard]] Allocation extend(unsigned order, MemberId owner);
  [[nodiscard]] Allocation take(int list, unsigned order, bool warm, MemberId owner);
  [[nodiscard]] bool can_extend(unsigned order, bool last_part) const noexcept;
  [[nodiscard]] bool buddy_is_mergeable(std::uint64_t unit, unsigned order, bool warm);
  [[nodiscard]] std::uint64_t frontier() const noexcept;
  void release_block(std::uint64_t unit, unsigned order);

  Windows& windows_;
  const HeapPlace& place_;
  HeapState& state_;
};

}  // namespace cohort::family
