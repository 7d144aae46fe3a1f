// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Items of a queue that are written, and read, where they lie: no copy, whatever their size.
//
//   cohort::Queue<std::vector<float>> frames;
//   auto loan = frames.loan(1 << 24);            // 64 MiB of the family memory
//   render(loan.items());                        // written in place
//   frames.publish(std::move(loan));             // under 1 µs
//
//   auto frame = frames.get_loan();              // by another process
//   show(frame.items());                         // read in place; given back when `frame` goes
//
// A Loan is memory of this process until it is published or destroyed; its process's death gives it back.
// Threads: a Loan is one thread's at a time. Fork: the copy in a forked child is none, do not use it.
// Python: has no counterpart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "cohort/base/export.hpp"

namespace cohort {

template <class T>
class Queue;

namespace detail {
COHORT_EXPORT void free_loan(std::uint64_t block) noexcept;
}

/// Move-only; destruction gives the memory back.
template <class U>
class Loan {
 public:
  Loan(Loan&& other) noexcept
      : block_(std::exchange(other.block_, 0)),
        items_(std::exchange(other.items_, {})),
        start_(other.start_),
        size_(other.size_) {}
  Loan& operator=(Loan&& other) noexcept {
    if (this != &other) {
      if (block_ != 0) detail::free_loan(block_);
      block_ = std::exchange(other.block_, 0);
      items_ = std::exchange(other.items_, {});
      start_ = other.start_;
      size_ = other.size_;
    }
    return *this;
  }
  ~Loan() {
    if (block_ != 0) detail::free_loan(block_);
  }

  /// The items. Those of a new loan have undefined values. Empty after publish() and when moved from.
  [[nodiscard]] std::span<U> items() const noexcept { return items_; }

 private:
  template <class T>
  friend class Queue;
  Loan(std::uint64_t block, std::span<U> items, std::size_t start, std::size_t size) noexcept
      : block_(block), items_(items), start_(start), size_(size) {}

  std::uint64_t block_;
  std::span<U> items_;
  std::size_t start_;
  std::size_t size_;
};

}  // namespace cohort
