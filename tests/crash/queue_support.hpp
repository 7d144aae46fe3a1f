// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Accounts for the items of queues whose users are killed: who put what, who got what.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/queue.hpp"
#include "crash/family_support.hpp"

namespace cohort::testing {

/// 64 bytes that are their id in each word.
struct Cell {
  std::array<std::uint64_t, 8> words;
  static Cell of(std::uint64_t id) {
    Cell cell;
    cell.words.fill(id);
    return cell;
  }
  [[nodiscard]] std::uint64_t id() const {
    for (std::uint64_t word : words) EXPECT_EQ(word, words[0]) << "half of an item";
    return words[0];
  }
};

/// A text whose size and letters follow from its id.
inline std::string text_of(std::uint64_t id, std::size_t size) {
  return std::to_string(id) + ":" + std::string(size, static_cast<char>('a' + id % 26));
}
inline std::uint64_t id_of(const std::string& text) {
  std::uint64_t id = std::stoull(text);
  std::size_t colon = text.find(':');
  EXPECT_EQ(text.find_first_not_of(static_cast<char>('a' + id % 26), colon + 1), std::string::npos);
  return id;
}

/// Lies in memory that all processes of a test share.
class Account {
 public:
  static constexpr std::uint32_t kItems = 1u << 20;

  static Account& make() {
    void* memory = ::mmap(nullptr, sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return *new (memory) Account;
  }
  void remove() { ::munmap(this, sizeof *this); }

  /// A new item is about to be put.
  std::uint64_t begin() {
    std::uint32_t id = next_.fetch_add(1);
    if (id >= kItems) ::_exit(77);
    put_[id].store(1);
    return id;
  }
  void done(std::uint64_t id) { put_[id].store(2); }
  void got(std::uint64_t id) {
    if (id >= kItems) {
      ++foreign_;
      return;
    }
    got_[id].fetch_add(1);
  }
  [[nodiscard]] std::uint64_t put_count() const { return next_.load(); }
  [[nodiscard]] std::uint64_t got_count() const {
    std::uint64_t count = 0;
    for (std::uint32_t id = 0; id < next_; ++id) count += got_[id].load() != 0;
    return count;
  }

  /// After everything was drained: nothing twice, nothing from nowhere, and at most `may_be_lost` not at all.
  void expect_balanced(std::uint64_t may_be_lost, bool may_come_twice = false) {
    std::uint64_t lost = 0;
    for (std::uint32_t id = 0; id < next_ && id < kItems; ++id) {
      if (!may_come_twice) { EXPECT_LE(got_[id].load(), 1) << "item " << id << " came twice"; }
      if (put_[id].load() == 2 && got_[id].load() == 0) ++lost;
    }
    EXPECT_LE(lost, may_be_lost);
    EXPECT_EQ(foreign_.load(), 0u);
    lost_ += lost;
  }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  void clear() {
    for (std::uint32_t id = 0; id < next_ && id < kItems; ++id) {
      put_[id] = 0;
      got_[id] = 0;
    }
    next_ = 0;
  }

 private:
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint32_t> foreign_{0};
  std::uint64_t lost_ = 0;
  std::atomic<std::uint8_t> put_[kItems]{};
  std::atomic<std::uint8_t> got_[kItems]{};
};

/// One queue of each sort, and what a process does with them.
struct Queues {
  Queue<Cell> cells;
  Queue<Cell> bounded{4};
  Queue<std::string> texts;
  Queue<std::pair<std::uint64_t, Queue<int>>> handles;
  Queue<std::vector<std::uint64_t>> vectors;
  JoinableQueue<std::string> jobs{JoinableQueueOptions{.redeliver = true, .most_unfinished_gets = 8}};
};

inline void put_cell(auto& q, Account& account) {
  auto id = account.begin();
  q.put(Cell::of(id));
  account.done(id);
}
inline void put_text(auto& q, Account& account, std::size_t size) {
  auto id = account.begin();
  q.put(text_of(id, size));
  account.done(id);
}
inline void put_handle(Queues& queues, Account& account) {
  auto id = account.begin();
  Queue<int> inner;
  inner.put(static_cast<int>(id));
  queues.handles.put({id, inner});
  account.done(id);
}
inline void put_loan(Queues& queues, Account& account, std::size_t count) {
  auto id = account.begin();
  auto loan = queues.vectors.loan(count);
  for (auto& word : loan.items()) word = id;
  queues.vectors.publish(std::move(loan));
  account.done(id);
}

/// Takes all that is there.
inline void drain(Queues& queues, Account& account) {
  using namespace std::chrono_literals;
  while (auto cell = queues.cells.try_get()) account.got(cell->id());
  while (auto cell = queues.bounded.try_get()) account.got(cell->id());
  while (auto text = queues.texts.try_get()) account.got(id_of(*text));
  while (auto item = queues.handles.try_get()) {
    EXPECT_EQ(item->second.try_get(), static_cast<int>(item->first));
    account.got(item->first);
  }
  while (!queues.vectors.empty()) {
    auto loan = queues.vectors.get_loan(0s);
    for (auto word : loan.items()) EXPECT_EQ(word, loan.items()[0]);
    account.got(loan.items()[0]);
  }
  while (auto text = queues.jobs.try_get()) {
    account.got(id_of(*text));
    queues.jobs.task_done();
  }
}

}  // namespace cohort::testing
