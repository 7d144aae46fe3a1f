// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "torture/roles.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>

namespace cohort::torture {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostWaiting = 2000;

// A blob's bytes follow from its item, so that a torn one shows. Sizes on both sides of the threshold for blocks.
std::vector<std::uint32_t> blob_of(Item item) {
  std::size_t size = 4 + (item.number * 2654435761u >> 16) % (item.number % 16 == 0 ? 40'000 : 600);
  std::vector<std::uint32_t> blob(size);
  blob[0] = item.life;
  blob[1] = item.number;
  for (std::size_t i = 2; i < size; ++i) blob[i] = item.life * 31 + item.number * 7 + static_cast<std::uint32_t>(i);
  return blob;
}

void note_received(Board& board, Item item) {
  if (item.life >= kLives || item.number >= kItemsALife) {
    ++board.corrupt;
    return;
  }
  board.life[item.life].received[item.number].fetch_add(1);
  ++board.received;
}

void note_blob(Board& board, const std::vector<std::uint32_t>& blob) {
  Item item{blob.size() > 1 ? blob[0] : UINT32_MAX, blob.size() > 1 ? blob[1] : UINT32_MAX};
  if (item.life < kLives && blob != blob_of(item)) ++board.corrupt;
  note_received(board, item);
}

template <class Q>
void wait_for_room(const Q& queue, const Board& board) {
  while (queue.qsize() > kMostWaiting && board.producers_stop == 0) std::this_thread::sleep_for(1ms);
}

void put_batches(Shared& shared, Board& board, Life& life, std::uint32_t number) {
  while (board.producers_stop == 0 && life.done + kBatch <= kItemsALife) {
    std::array<Item, kBatch> batch;
    for (std::uint32_t i = 0; i < kBatch; ++i) batch[i] = {number, life.done + i};
    life.begun = life.done + kBatch;
    std::size_t put = shared.batched.put_many(batch, 5s);
    life.done += static_cast<std::uint32_t>(put);
    wait_for_room(shared.batched, board);
  }
}

}  // namespace

void produce(Shared& shared, Board& board, std::uint32_t queue, std::uint32_t number, std::uint64_t seed) {
  Life& life = board.life[number];
  std::mt19937_64 random(seed);
  if (queue == 1) return put_batches(shared, board, life, number);
  while (board.producers_stop == 0 && life.done < kItemsALife) {
    Item item{number, life.done};
    life.begun = item.number + 1;
    bool put = true;
    switch (queue) {
      case 0: put = shared.bounded.try_put(item, 5s); break;
      case 2: put = shared.blobs.try_put(blob_of(item), 5s); break;
      case 3: put = shared.carriers.try_put({item, random() % 2 == 0 ? shared.lock : Lock()}, 5s); break;
      default: put = shared.jobs.try_put(item, 5s); break;
    }
    if (put) life.done = item.number + 1;
    if (queue == 2) wait_for_room(shared.blobs, board);
    if (queue == 3) wait_for_room(shared.carriers, board);
    if (queue == 4) wait_for_room(shared.jobs, board);
  }
}

void consume(Shared& shared, Board& board, std::uint32_t queue, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (board.all_stop == 0) {
    switch (queue) {
      case 0:
        if (auto item = shared.bounded.try_get(50ms)) note_received(board, *item);
        break;
      case 1:
        for (Item item : shared.batched.get_many(1 + random() % kBatch, 50ms)) note_received(board, item);
        break;
      case 2:
        if (auto blob = shared.blobs.try_get(50ms)) note_blob(board, *blob);
        break;
      case 3:
        if (auto carried = shared.carriers.try_get(50ms)) {
          // The handle works: its object came along.
          if (carried->lock.acquire(5s))
            carried->lock.release();
          else
            ++board.corrupt;
          note_received(board, carried->item);
        }
        break;
      default:
        if (auto item = shared.jobs.try_get(50ms)) {
          note_received(board, *item);
          shared.jobs.task_done();
          ++board.redone;
        }
    }
  }
}

namespace {

template <class L>
void enter(L& lock, Board& board, Board::Section& section) {
  if (section.inside.fetch_add(1) != 0 && !lock.owner_died()) ++board.intruders;
  if (section.first != section.second) {
    if (!lock.owner_died()) ++board.untold;
    section.second = section.first;
  }
  if (lock.owner_died()) {
    section.inside = 1;  // the dead one's mark
    lock.mark_consistent();
  }
  ++section.first;
  ++section.second;
  section.inside.fetch_sub(1);
  ++board.locked;
}

}  // namespace

namespace {

// What has no owner whose death could be told: the calls must come back, that is all.
void meet(Shared& shared, std::uint32_t which, std::mt19937_64& random) {
  switch (which) {
    case 3:
      if (random() % 2 == 0) shared.event.set();
      (void)shared.event.wait(1ms);
      if (random() % 2 == 0) shared.event.clear();
      break;
    case 4:
      if (shared.semaphore.get_value() < 3) shared.semaphore.release();
      (void)shared.semaphore.acquire(1ms);
      break;
    case 5: {
      std::scoped_lock guard(shared.condition);
      shared.condition.notify(1);
      (void)shared.condition.wait(1ms);
      break;
    }
    default: try { (void)shared.barrier.wait(5ms);
      } catch (const BrokenBarrierError&) { shared.barrier.reset(); }
  }
}

}  // namespace

void fight(Shared& shared, Board& board, std::uint32_t which, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (board.all_stop == 0) {
    if (which >= 3) {
      meet(shared, which, random);
    } else if (which == 0) {
      std::scoped_lock guard(shared.lock);
      enter(shared.lock, board, board.sections[0]);
    } else if (which == 1) {
      std::scoped_lock outer(shared.rlock);
      std::scoped_lock inner(shared.rlock);
      enter(shared.rlock, board, board.sections[1]);
    } else if (random() % 4 == 0) {
      std::unique_lock guard(shared.shared_mutex);
      enter(shared.shared_mutex, board, board.sections[2]);
    } else {
      std::shared_lock guard(shared.shared_mutex);
      const auto& section = board.sections[2];
      if (section.first != section.second && !shared.shared_mutex.owner_died()) ++board.untold;
    }
    if (random() % 64 == 0) std::this_thread::yield();
  }
}

bool is_drained(Shared& shared, std::uint32_t queue) {
  switch (queue) {
    case 0: return shared.bounded.empty();
    case 1: return shared.batched.empty();
    case 2: return shared.blobs.empty();
    case 3: return shared.carriers.empty();
    default: return shared.jobs.join(Deadline::now());
  }
}

}  // namespace cohort::torture
