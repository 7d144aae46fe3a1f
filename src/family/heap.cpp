// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/heap.hpp"

#include <algorithm>
#include <bit>

#include "base/crash_point.hpp"
#include "os/memory.hpp"

namespace cohort::family {

namespace {

// The lists are private to who holds the lock: all their loads and stores are relaxed, under this name.
template <class T>
T get(const std::atomic<T>& field) noexcept {
  return field.load(std::memory_order_relaxed);  // relaxed: guarded by the memory lock
}
template <class T>
void put(std::atomic<T>& field, std::type_identity_t<T> value) noexcept {
  field.store(value, std::memory_order_relaxed);  // relaxed: guarded by the memory lock
}
template <class T>
void add(std::atomic<T>& field, std::type_identity_t<T> value) noexcept {
  put(field, static_cast<T>(get(field) + value));
}

// The one store that changes a block's state. Release keeps the compiler from moving earlier stores (the words of the
// upper halves) behind it: a process that is killed leaves exactly the stores that came before in program order.
void commit(std::atomic<std::uint64_t>& word, std::uint64_t value) noexcept {
  // SYNC(block): release here -> acquire of the memory lock by the next holder; carries the words written before
  word.store(value, std::memory_order_release);
}

// Blocks from this order on (1 MiB) are large: a small block is not cut out of a warm one of these while fresh space
// is to be had, or one long-lived small block would spoil a buffer that the next large message wants.
constexpr unsigned kLarge = 14;
constexpr unsigned kSmall = 10;  // below 64 KiB

// Free blocks of one order that are kept unmerged, for the next request of the same size.
constexpr std::uint32_t lazy_limit(unsigned order) { return order < kLarge ? 64 : 4; }

unsigned page_order() noexcept { return static_cast<unsigned>(std::countr_zero(os::page_size() / kUnitSize)); }

}  // namespace

unsigned order_for(std::uint64_t size) noexcept {
  if (size <= kUnitSize) return 0;
  return static_cast<unsigned>(std::bit_width((size - 1) / kUnitSize));
}

std::uint64_t Heap::frontier() const noexcept { return get(state_.frontier); }

void Heap::push(std::uint64_t unit, unsigned order, bool warm) {
  Unit& entry = unit_of(unit);
  auto& head = state_.head[warm][order];
  std::uint32_t first = get(head);
  auto link = static_cast<std::uint32_t>(unit + 1);
  put(entry.next, first);
  put(entry.prev, 0);
  if (first != 0) put(unit_of(first - 1).prev, link);
  put(head, link);
  add(state_.count[warm][order], 1);
  put(state_.listed[warm], get(state_.listed[warm]) | std::uint32_t{1} << order);
}

// Takes a block out of its list. False when the list does not hold together: a stray write.
bool Heap::unlink(std::uint64_t unit, unsigned order, bool warm) {
  Unit& entry = unit_of(unit);
  std::uint32_t next = get(entry.next);
  std::uint32_t prev = get(entry.prev);
  auto& head = state_.head[warm][order];
  auto link = static_cast<std::uint32_t>(unit + 1);
  std::uint64_t end = frontier();
  if (next > end || prev > end) return false;
  if (prev == 0) {
    if (get(head) != link) return false;
    put(head, next);
    if (next == 0) put(state_.listed[warm], get(state_.listed[warm]) & ~(std::uint32_t{1} << order));
  } else {
    auto& before = unit_of(prev - 1).next;
    if (get(before) != link) return false;
    put(before, next);
  }
  if (next != 0) put(unit_of(next - 1).prev, prev);
  add(state_.count[warm][order], static_cast<std::uint32_t>(-1));
  return true;
}

// The least order of a list that has a block of at least `order`, or -1.
int Heap::choose_list(unsigned order, bool warm) const noexcept {
  std::uint32_t candidates = get(state_.listed[warm]) >> order;
  return candidates == 0 ? -1 : static_cast<int>(order) + std::countr_zero(candidates);
}

// Uses the first 2^order units of the free block at `unit`, which is in no list any more, and frees the rest.
Heap::Allocation Heap::carve(std::uint64_t unit, unsigned from, unsigned order, bool warm, MemberId owner) {
  for (unsigned upper = from; upper-- > order;) {
    std::uint64_t half = unit + (std::uint64_t{1} << upper);
    // Not part of the walk until the head's order shrinks.
    put(unit_of(half).word, BlockWord::make_free(upper, warm));
    push(half, upper, warm);
  }
  COHORT_CRASH_POINT("shm.allocate.before_commit");
  commit(unit_of(unit).word, BlockWord::make_used(order, owner));
  COHORT_CRASH_POINT("shm.allocate.committed");
  add(state_.used_bytes, block_bytes(order));
  add(state_.used_blocks, 1);
  if (warm) add(state_.kept_bytes, std::uint64_t{0} - block_bytes(order));
  return {Outcome::done, place_.base + unit * kUnitSize, warm};
}

Heap::Allocation Heap::take(int list, unsigned order, bool warm, MemberId owner) {
  auto from = static_cast<unsigned>(list);
  std::uint32_t link = get(state_.head[warm][from]);
  if (link == 0 || link > frontier()) return {Outcome::damaged, 0, false};
  std::uint64_t unit = link - 1;
  if (get(unit_of(unit).word) != BlockWord::make_free(from, warm) || !unlink(unit, from, warm))
    return {Outcome::damaged, 0, false};
  COHORT_CRASH_POINT("shm.allocate.unlinked");
  return carve(unit, from, order, warm, owner);
}

bool Heap::can_extend(unsigned order, bool last_part) const noexcept {
  std::uint64_t size = std::uint64_t{1} << order;
  std::uint64_t start = (frontier() + size - 1) & ~(size - 1);
  // Large ones are few, and may need a place that is aligned to their size.
  std::uint64_t end = last_part || order >= kSmall ? place_.units : place_.units - place_.units / 8;
  return start + size <= end;
}

// Takes a block beyond all that was ever used. The units skipped for alignment become free blocks. Each store of a
// word moves the frontier by one block: the walk ends at the first word that is zero.
Heap::Allocation Heap::extend(unsigned order, MemberId owner) {
  std::uint64_t size = std::uint64_t{1} << order;
  std::uint64_t at = frontier();
  while ((at & (size - 1)) != 0) {
    auto gap = static_cast<unsigned>(std::countr_zero(at));
    commit(unit_of(at).word, BlockWord::make_free(gap, false));
    COHORT_CRASH_POINT("shm.extend.gap");
    push(at, gap, false);
    at += std::uint64_t{1} << gap;
    put(state_.frontier, at);
  }
  put(state_.frontier, at + size);
  COHORT_CRASH_POINT("shm.extend.before_commit");
  return carve(at, order, order, false, owner);
}

Heap::Allocation Heap::allocate(unsigned order, MemberId owner, std::uint64_t spare, bool last_part) {
  if (order >= kOrders || block_bytes(order) > place_.units * kUnitSize) return {Outcome::no_space, 0, false};
  bool fresh_allowed = block_bytes(order) <= spare;
  int warm = choose_list(order, true);
  bool spoils = warm >= static_cast<int>(kLarge) && order < kSmall;
  if (warm >= 0 && !(spoils && fresh_allowed)) return take(warm, order, true, owner);
  if (!fresh_allowed) return {Outcome::over_budget, 0, false};
  int fresh = choose_list(order, false);
  if (fresh >= 0) return take(fresh, order, false, owner);
  if (can_extend(order, last_part)) return extend(order, owner);
  if (warm >= 0) return take(warm, order, true, owner);
  return {Outcome::no_space, 0, false};
}

bool Heap::buddy_is_mergeable(std::uint64_t unit, unsigned order, bool warm) {
  std::uint64_t size = std::uint64_t{1} << order;
  std::uint64_t buddy = unit ^ size;
  if (buddy + size > frontier()) return false;
  // The buddy's first unit is a block's first unit whenever `unit` is a block of this order.
  // Below a page warm and fresh blocks share pages, so they may merge to a warm one.
  std::uint64_t word = get(unit_of(buddy).word);
  return word == BlockWord::make_free(order, warm) ||
         (order < page_order() && word == BlockWord::make_free(order, !warm));
}

// Puts a block whose word already says free into a list, merging while its list is long.
void Heap::release_block(std::uint64_t unit, unsigned order) {
  bool warm = BlockWord::warm(get(unit_of(unit).word));
  while (order + 1 < kOrders && get(state_.count[warm][order]) >= lazy_limit(order) &&
         buddy_is_mergeable(unit, order, warm)) {
    std::uint64_t buddy = unit ^ (std::uint64_t{1} << order);
    bool buddy_warm = BlockWord::warm(get(unit_of(buddy).word));
    if (!unlink(buddy, order, buddy_warm)) break;
    if (warm != buddy_warm) add(state_.kept_bytes, block_bytes(order));
    warm = warm || buddy_warm;
    unit = std::min(unit, buddy);
    ++order;
    COHORT_CRASH_POINT("shm.merge.before_commit");
    commit(unit_of(unit).word, BlockWord::make_free(order, warm));
    COHORT_CRASH_POINT("shm.merge.committed");
  }
  push(unit, order, warm);
}

bool Heap::free(std::uint64_t unit, std::uint64_t word) {
  unsigned order = BlockWord::order(word);
  // set_owner() changes the word without the lock, so this is a compare-exchange.
  // SYNC(block): release here -> acquire of the memory lock by the next holder
  if (!unit_of(unit).word.compare_exchange_strong(word, BlockWord::make_free(order, true), std::memory_order_release,
                                                  std::memory_order_relaxed))
    return false;
  COHORT_CRASH_POINT("shm.free.committed");
  add(state_.used_bytes, std::uint64_t{0} - block_bytes(order));
  add(state_.used_blocks, static_cast<std::uint64_t>(-1));
  add(state_.kept_bytes, block_bytes(order));
  release_block(unit, order);
  COHORT_CRASH_POINT("shm.free.listed");
  return true;
}

void Heap::coalesce() {
  for (unsigned order = 0; order + 1 < kOrders; ++order) {
    for (bool warm : {true, false}) {
      std::uint32_t link = get(state_.head[warm][order]);
      while (link != 0) {
        std::uint64_t unit = link - 1;
        link = get(unit_of(unit).next);
        if (!buddy_is_mergeable(unit, order, warm)) continue;
        std::uint64_t buddy = unit ^ (std::uint64_t{1} << order);
        bool buddy_warm = BlockWord::warm(get(unit_of(buddy).word));
        if (link == buddy + 1) link = get(unit_of(buddy).next);
        if (!unlink(unit, order, warm) || !unlink(buddy, order, buddy_warm)) return;
        if (warm != buddy_warm) add(state_.kept_bytes, block_bytes(order));
        std::uint64_t lower = std::min(unit, buddy);
        COHORT_CRASH_POINT("shm.coalesce.unlinked");
        commit(unit_of(lower).word, BlockWord::make_free(order + 1, warm || buddy_warm));
        COHORT_CRASH_POINT("shm.coalesce.committed");
        push(lower, order + 1, warm || buddy_warm);
      }
    }
  }
}

void Heap::trim(std::uint64_t target) {
  for (unsigned order = kOrders; order-- > page_order();) {
    while (kept_bytes() > target) {
      std::uint32_t link = get(state_.head[true][order]);
      if (link == 0 || link > frontier()) break;
      std::uint64_t unit = link - 1;
      if (!unlink(unit, order, true)) return;
      windows_.discard(place_.base + unit * kUnitSize, block_bytes(order));
      // The table's pages inside the block hold nothing: only the first unit's word counts.
      std::uint64_t table = place_.table + unit * sizeof(Unit);
      std::uint64_t inner = (table + sizeof(Unit) + os::page_size() - 1) / os::page_size() * os::page_size();
      std::uint64_t end = table + (sizeof(Unit) << order);
      if (end >= inner + kGranule) windows_.discard(inner, end / os::page_size() * os::page_size() - inner);
      COHORT_CRASH_POINT("shm.trim.discarded");
      commit(unit_of(unit).word, BlockWord::make_free(order, false));
      COHORT_CRASH_POINT("shm.trim.committed");
      add(state_.kept_bytes, std::uint64_t{0} - block_bytes(order));
      push(unit, order, false);
    }
  }
  // What could not be given back (parts of pages) must not make every later free() try again.
  put(state_.trim_above, kept_bytes() + target);
}

std::size_t Heap::free_owned_by(FunctionRef<bool(MemberId)> is_gone) {
  std::size_t freed = 0;
  std::uint64_t end = frontier();
  for (std::uint64_t unit = 0; unit < end;) {
    std::uint64_t word = get(unit_of(unit).word);
    if (!BlockWord::is_sound(word)) break;
    std::uint64_t step = std::uint64_t{1} << BlockWord::order(word);
    if (BlockWord::kind(word) == BlockWord::used && is_gone(BlockWord::owner(word)) && free(unit, word)) {
      COHORT_CRASH_POINT("shm.free_owned.freed");
      ++freed;
      // Merging may have made a larger block that begins before this one; nothing used lies between.
    }
    unit += step;
  }
  return freed;
}

bool Heap::rebuild() {
  for (bool warm : {false, true}) {
    put(state_.listed[warm], 0);
    for (unsigned order = 0; order < kOrders; ++order) {
      put(state_.head[warm][order], 0);
      put(state_.count[warm][order], 0);
    }
  }
  put(state_.used_bytes, 0);
  put(state_.used_blocks, 0);
  put(state_.kept_bytes, 0);
  put(state_.trim_above, 0);
  COHORT_CRASH_POINT("shm.rebuild.cleared");
  std::uint64_t unit = 0;
  while (unit < place_.units) {
    std::uint64_t word = get(unit_of(unit).word);
    if (word == 0) break;
    unsigned order = BlockWord::order(word);
    std::uint64_t size = std::uint64_t{1} << order;
    if (!BlockWord::is_sound(word) || (unit & (size - 1)) != 0 || unit + size > place_.units) return false;
    if (BlockWord::kind(word) == BlockWord::free) {
      bool warm = BlockWord::warm(word);
      if (warm) add(state_.kept_bytes, block_bytes(order));
      push(unit, order, warm);
    } else {
      add(state_.used_bytes, block_bytes(order));
      add(state_.used_blocks, 1);
    }
    unit += size;
  }
  put(state_.frontier, unit);
  COHORT_CRASH_POINT("shm.rebuild.walked");
  return true;
}

const char* Heap::validate() {
  std::uint64_t used = 0, kept = 0, blocks = 0, listed = 0;
  std::uint64_t end = frontier();
  std::uint64_t unit = 0;
  while (unit < end) {
    std::uint64_t word = get(unit_of(unit).word);
    if (!BlockWord::is_sound(word)) return "a block's word is unsound";
    unsigned order = BlockWord::order(word);
    std::uint64_t size = std::uint64_t{1} << order;
    if ((unit & (size - 1)) != 0) return "a block is not aligned to its size";
    if (unit + size > end) return "a block reaches over the frontier";
    if (BlockWord::kind(word) == BlockWord::free) {
      ++listed;
      if (BlockWord::warm(word)) kept += block_bytes(order);
    } else {
      used += block_bytes(order);
      ++blocks;
    }
    unit += size;
  }
  if (end < place_.units && get(unit_of(end).word) != 0) return "a block lies beyond the frontier";
  if (used != used_bytes()) return "the count of used bytes is wrong";
  if (kept != kept_bytes()) return "the count of kept bytes is wrong";
  if (blocks != used_blocks()) return "the count of used blocks is wrong";
  std::uint64_t in_lists = 0;
  for (bool warm : {false, true}) {
    for (unsigned order = 0; order < kOrders; ++order) {
      std::uint32_t prev = 0;
      std::uint32_t count = 0;
      for (std::uint32_t link = get(state_.head[warm][order]); link != 0;) {
        if (link > end) return "a list leads out of the heap";
        Unit& entry = unit_of(link - 1);
        if (get(entry.word) != BlockWord::make_free(order, warm)) return "a list holds a block that is not its kind";
        if (get(entry.prev) != prev) return "a list's links disagree";
        if (++count > listed) return "a list is circular";
        prev = link;
        link = get(entry.next);
      }
      if (count != get(state_.count[warm][order])) return "a list's count is wrong";
      if ((count != 0) != ((get(state_.listed[warm]) >> order & 1) != 0)) return "a list's bit is wrong";
      in_lists += count;
    }
  }
  return in_lists == listed ? nullptr : "a free block is in no list";
}

}  // namespace cohort::family
