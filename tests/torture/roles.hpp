// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the processes of the torture run do until they are killed or told to stop.
#pragma once

#include <cstdint>
#include <vector>

#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/sync/barrier.hpp"
#include "cohort/sync/condition.hpp"
#include "cohort/sync/event.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/sync/semaphore.hpp"
#include "cohort/sync/shared_mutex.hpp"
#include "torture/board.hpp"

namespace cohort::torture {

/// An item that brings a handle along.
struct Carried {
  Item item;
  Lock lock;
};

/// All that the processes share by way of Cohort.
struct Shared {
  Queue<Item> bounded{64};
  Queue<Item> batched;
  Queue<std::vector<std::uint32_t>> blobs;
  Queue<Carried> carriers;
  JoinableQueue<Item> jobs{JoinableQueueOptions{.redeliver = true}};
  Lock lock;
  RLock rlock;
  SharedMutex shared_mutex;
  Event event;
  Semaphore semaphore{1};
  Condition condition;
  Barrier barrier{2};
};

enum class Role : std::uint32_t { producer, consumer, locker };
inline constexpr std::uint32_t kBatch = 8;
inline constexpr std::uint32_t kFights = 7;  ///< what lockers fight for

/// Most items that the death of one consumer of a queue may lose.
[[nodiscard]] constexpr std::uint64_t lost_by_a_death(std::uint32_t queue) noexcept {
  return queue == 1 ? kBatch : queue == 4 ? 0 : 1;
}

/// A life. Returns when told to stop, or after kItemsALife items.
void produce(Shared& shared, Board& board, std::uint32_t queue, std::uint32_t life, std::uint64_t seed);
void consume(Shared& shared, Board& board, std::uint32_t queue, std::uint64_t seed);
void fight(Shared& shared, Board& board, std::uint32_t which, std::uint64_t seed);
/// Whether the queue is empty.
[[nodiscard]] bool is_drained(Shared& shared, std::uint32_t queue);

}  // namespace cohort::torture
