// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/lane.hpp"

#include <algorithm>
#include <climits>

#include "ring/ring.hpp"
#include "ring/side_lock.hpp"

namespace cohort::connection {

using ring::kUnit;
using ring::units_between;

// Too many after deaths, never too few for long.
std::uint64_t Lane::bytes_in_blocks() const noexcept {
  // relaxed: both: a measure
  auto taken = receiving().taken.load(std::memory_order_relaxed);
  auto between = static_cast<std::int64_t>(sending().given.load(std::memory_order_relaxed) - taken);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(between, 0));
}

std::uint64_t Lane::bytes_under_way() const noexcept {
  // relaxed: both: a measure; out first, so that it is not beyond in
  auto out = ring().out.position.load(std::memory_order_relaxed);
  auto in = ring().in.position.load(std::memory_order_relaxed);
  return units_between(out, in) * kUnit + bytes_in_blocks();
}

bool Lane::send_space() const noexcept {
  // First without a look at what receivers write: `seen` is a position of theirs from some time ago.
  // relaxed: both: a measure; when they do not match, the number is huge
  auto in = ring().in.position.load(std::memory_order_relaxed);
  auto seen = sending().seen.load(std::memory_order_relaxed);
  if (units_between(seen, in) * kUnit + bytes_in_blocks() < pipe_->capacity) [[likely]]
    return true;
  auto given = sending().given.load(std::memory_order_relaxed);  // relaxed: the compare-exchange decides
  // relaxed: both: a hint
  sending().seen.store(ring().out.position.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (bytes_under_way() < pipe_->capacity) return true;
  if (item_count(ring()) != 0) return false;
  // It is empty: what seems to be left was counted by processes that died. Unless somebody is just sending.
  // relaxed: both: a measure
  sending().given.compare_exchange_strong(given, receiving().taken.load(std::memory_order_relaxed),
                                          std::memory_order_relaxed);
  return true;
}

void Lane::wake_senders() const noexcept {
  pipe_->wants_room[to_].store(0, std::memory_order_relaxed);  // relaxed: who sleeps on sets it again
  space_word().notify(INT_MAX);
}

void wake_all(PipeBody& pipe) noexcept {
  // SYNC(watch): this fence -> the heavy one of who counted itself: either we see it, or it sees what we stored
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t to : {0U, 1U}) {
    wake_partners(pipe.ring[to].in, INT_MAX);
    Lane(pipe, to).wake_senders();
  }
  ring_watchers(pipe.ring[0].in);
}

}  // namespace cohort::connection
