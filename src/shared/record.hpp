// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A value of several words that is read without a lock and never seen in part: docs/formats/shared.md, "Value", in
// code.
//
// There are two copies; the low bit of a count of stores says which one counts. A writer, which holds a lock against
// other writers, fills the one that does not, and then counts up. A reader looks at the count before and after.
// Death:  a writer that dies before it counts up has written nothing.
// Tests:  tests/model/shared_model_test.cpp explores the orders, which is why they are a parameter.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cohort::detail {

struct RecordOrders {
  // SYNC(record): commit() -> try_read(); carries the copy
  static constexpr std::memory_order kCommit = std::memory_order_release;
  static constexpr std::memory_order kBegin = std::memory_order_acquire;
  // SYNC(record words): put() -> take(); who sees a word of a store also sees the count that was there before that
  // store, and so knows that it was too slow
  static constexpr std::memory_order kPut = std::memory_order_release;
  static constexpr std::memory_order kTake = std::memory_order_acquire;
};

/// @tparam Word  an atomic of 64 bits
template <class Word, class Orders = RecordOrders>
class Record {
 public:
  /// @param copies  twice words_of(size) words
  Record(Word& count, Word* copies, std::size_t size) noexcept : count_(count), copies_(copies), size_(size) {}

  [[nodiscard]] static constexpr std::size_t words_of(std::size_t size) noexcept { return (size + 7) / 8; }

  /// Copies the value out; false when writers came in between each time.
  [[nodiscard]] bool try_read(void* out, int tries) const noexcept {
    for (int i = 0; i < tries; ++i) {
      std::uint64_t before = count_.load(Orders::kBegin);
      take(out, copy_at(before));
      // The next store goes to the other copy; only the one after it, to this one.
      // relaxed: ordered behind the words by their kTake
      if (count_.load(std::memory_order_relaxed) == before) return true;
    }
    return false;
  }

  /// Writes the copy that does not count, and gives what to commit().
  [[nodiscard]] std::uint64_t prepare(const void* from) noexcept {
    // relaxed: written under the lock; behind a dead holder, the system's report of its death orders
    std::uint64_t next = count_.load(std::memory_order_relaxed) + 1;
    put(copy_at(next), from);
    return next;
  }
  void commit(std::uint64_t next) noexcept { count_.store(next, Orders::kCommit); }
  /// Writes over the copy that counts: not whole for who reads meanwhile.
  void write_in_place(const void* from) noexcept { put(copy_at(count_.load(Orders::kBegin)), from); }

 private:
  [[nodiscard]] Word* copy_at(std::uint64_t count) const noexcept { return copies_ + (count & 1) * words_of(size_); }

  void put(Word* to, const void* from) const noexcept {
    const auto* bytes = static_cast<const std::byte*>(from);
    for (std::size_t i = 0; i < words_of(size_); ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + i * sizeof word, std::min(sizeof word, size_ - i * sizeof word));
      to[i].store(word, Orders::kPut);
    }
  }
  void take(void* to, const Word* from) const noexcept {
    auto* bytes = static_cast<std::byte*>(to);
    for (std::size_t i = 0; i < words_of(size_); ++i) {
      std::uint64_t word = from[i].load(Orders::kTake);
      std::memcpy(bytes + i * sizeof word, &word, std::min(sizeof word, size_ - i * sizeof word));
    }
  }

  Word& count_;
  Word* copies_;
  std::size_t size_;
};

}  // namespace cohort::detail
