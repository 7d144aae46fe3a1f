// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the torture run remembers of every item, in memory of its own that no code under test touches: which were put,
// and how often each was received.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>

namespace cohort::torture {

inline constexpr std::size_t kQueues = 5;
inline constexpr std::size_t kKinds = 24;           ///< kinds of processes: Child::kind()
inline constexpr std::size_t kMostPoints = 256;     ///< crash points
inline constexpr std::size_t kLives = 16384;        ///< producers, over the whole run
inline constexpr std::uint32_t kItemsALife = 6000;  ///< items that one producer puts at most

/// One item: who made it, and its number there.
struct Item {
  std::uint32_t life = 0;
  std::uint32_t number = 0;
};

/// One producer's life.
struct Life {
  std::atomic<std::uint32_t> queue;
  std::atomic<std::uint32_t> begun;  ///< items whose put began
  std::atomic<std::uint32_t> done;   ///< items whose put returned
  std::atomic<std::uint8_t> received[kItemsALife];
};

struct Board {
  std::atomic<std::uint32_t> producers_stop;
  std::atomic<std::uint32_t> all_stop;
  std::atomic<std::uint32_t> lives;
  std::atomic<std::uint64_t> received;   ///< items, by all consumers
  std::atomic<std::uint64_t> locked;     ///< critical sections completed
  std::atomic<std::uint64_t> corrupt;    ///< items whose bytes were not what was put
  std::atomic<std::uint64_t> intruders;  ///< two in one critical section
  std::atomic<std::uint64_t> untold;     ///< an owner died and the next one was not told
  std::atomic<std::uint64_t> redone;     ///< task_done() calls
  /// How often each crash point was passed, by which kind of process.
  std::atomic<std::uint32_t> passed[kKinds][kMostPoints];
  struct Section {
    std::uint64_t first, second;  ///< equal outside of the critical section
    std::atomic<std::uint64_t> inside;
  } sections[3];
  Life life[kLives];

  static Board& make() {
    void* place =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) throw std::runtime_error("mmap of the board");
    return *static_cast<Board*>(place);  // zeroed pages are what the members begin as
  }
};

/// The result of going through all lives.
struct Account {
  std::uint64_t put = 0, received = 0, lost = 0, doubled = 0, phantom = 0;
};

/// What became of the items of one queue.
inline Account account_of(const Board& board, std::uint32_t queue) {
  Account account;
  std::uint32_t lives = board.lives.load();
  for (std::uint32_t i = 0; i < lives && i < kLives; ++i) {
    const Life& life = board.life[i];
    if (life.queue.load() != queue) continue;
    std::uint32_t done = life.done.load();
    std::uint32_t begun = life.begun.load();
    account.put += done;
    for (std::uint32_t n = 0; n < kItemsALife; ++n) {
      unsigned count = life.received[n].load();
      account.received += count;
      if (count > 1) account.doubled += count - 1;
      if (n < done && count == 0) ++account.lost;
      // An item whose put was cut short may have been put or not; one whose put never began must not exist.
      if (n >= begun && count != 0) ++account.phantom;
    }
  }
  return account;
}

}  // namespace cohort::torture
