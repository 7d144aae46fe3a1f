// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One direction of a pipe: a ring of messages, how many bytes are under way in it, and who is in the middle of a
// message. A view of the pipe's bytes (docs/formats/pipe.md), where what belongs to one direction does not lie
// together.
//
// Bytes are counted as given before a message is in the ring, and as taken after it has left, so a death in between
// leaves too many under way, never too few.
// Threads: any. Blocks: never.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "connection/pipe_layout.hpp"
#include "park/wait_word.hpp"
#include "ring/layout.hpp"
#include "sync/thread_word.hpp"

namespace cohort::connection {

class Lane {
 public:
  /// What end `to` receives.
  Lane(PipeBody& pipe, std::uint32_t to) noexcept : pipe_(&pipe), to_(to & 1) {}

  [[nodiscard]] ring::RingBody& ring() const noexcept { return pipe_->ring[to_]; }
  [[nodiscard]] PipeBody& pipe() const noexcept { return *pipe_; }
  [[nodiscard]] std::uint32_t to() const noexcept { return to_; }

  // ---- its two ends -------------------------------------------------------------------------------------------------

  /// Nothing more will be sent. All that was sent is in the ring.
  [[nodiscard]] bool sender_closed() const noexcept { return is_closed(1 - to_); }
  /// Nobody will receive what is sent.
  [[nodiscard]] bool receiver_closed() const noexcept { return is_closed(to_); }

  // ---- messages -----------------------------------------------------------------------------------------------------

  [[nodiscard]] bool has_records() const noexcept {
    // relaxed: both: who finds it so looks again under the lock
    return ring().in.position.load(std::memory_order_relaxed) != ring().out.position.load(std::memory_order_relaxed);
  }
  /// Whether a receive would not wait.
  [[nodiscard]] bool can_receive() const noexcept { return has_records() || sender_closed(); }
  /// Whether a sender, or a receiver, is in the middle of a message that goes in pieces.
  [[nodiscard]] bool sender_in_message() const noexcept { return is_busy(sending().busy); }
  [[nodiscard]] bool receiver_in_message() const noexcept { return is_busy(receiving().busy); }

  // ---- bytes under way ----------------------------------------------------------------------------------------------

  /// At this moment, or too many.
  [[nodiscard]] std::uint64_t bytes_under_way() const noexcept;
  /// Whether a message may be sent: less than the capacity is under way, or nothing. What processes that died left
  /// counted is forgotten.
  [[nodiscard]] bool send_space() const noexcept;
  void count_given(std::size_t bytes) const noexcept {
    sending().given.fetch_add(bytes, std::memory_order_relaxed);  // relaxed: a measure
  }
  void count_not_given(std::size_t bytes) const noexcept {
    sending().given.fetch_sub(bytes, std::memory_order_relaxed);  // relaxed: a measure
  }
  void count_taken(std::size_t bytes) const noexcept {
    receiving().taken.fetch_add(bytes, std::memory_order_relaxed);  // relaxed: a measure
  }

  // ---- who sleeps ---------------------------------------------------------------------------------------------------

  /// Where senders sleep until there is space, or another one is through with its message.
  [[nodiscard]] park::WaitWord space_word() const noexcept {
    return park::WaitWord(sending().room, park::Mark(pipe_->wants_room[to_], 1));
  }
  /// All senders look again.
  void wake_senders() const noexcept;
  /// To be called when something was taken: wakes senders when there is much space.
  void tell_space() const noexcept {
    // SYNC(room): either we see the mark, or the sender sees the space (other side: the heavy fence of
    // WaitWord::announce())
    if (space_word().anyone_asleep(sync::this_thread().fences) && bytes_under_way() <= pipe_->capacity / 2) [[unlikely]]
      wake_senders();
  }

  [[nodiscard]] PipeBody::Sending& sending() const noexcept { return pipe_->sending[to_]; }
  [[nodiscard]] PipeBody::Receiving& receiving() const noexcept { return pipe_->receiving[to_]; }

 private:
  [[nodiscard]] bool is_closed(std::uint32_t end) const noexcept {
    // SYNC(closed): release in destroy_end() -> acquire here; carries all that was sent through that end
    return pipe_->closed[end].load(std::memory_order_acquire) != 0;
  }
  [[nodiscard]] static bool is_busy(const std::atomic<std::uint64_t>& thread) noexcept {
    return thread.load(std::memory_order_relaxed) != 0;  // relaxed: who comes too early waits for the lock
  }
  [[nodiscard]] std::uint64_t bytes_in_blocks() const noexcept;

  PipeBody* pipe_;
  std::uint32_t to_;
};

/// Everyone who waits at either end looks again.
void wake_all(PipeBody& pipe) noexcept;

}  // namespace cohort::connection
