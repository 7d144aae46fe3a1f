// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Accounts for the messages of pipes whose users are killed.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "cohort/connection/pipe.hpp"
#include "crash/family_support.hpp"

namespace cohort::testing {

/// A message: its number, a text that follows from it, and now and then a connection.
using Numbered = std::pair<std::uint64_t, std::pair<std::string, std::optional<Connection>>>;

/// Small ones, ones in blocks, and ones with a handle take turns.
inline Numbered numbered(std::uint64_t number, const std::optional<Connection>& handle) {
  static constexpr std::size_t kSizes[] = {3, 0, 20000, 700, 9000, 8000, 5, 100000};
  std::size_t size = kSizes[number % 8];
  return {number, {std::string(size, static_cast<char>('a' + number % 26)), number % 5 == 4 ? handle : std::nullopt}};
}

inline bool is_whole(const Numbered& message) {
  return message.second.first == numbered(message.first, {}).second.first;
}

/// Lies in memory that all processes of a test share.
struct PipeAccount {
  std::atomic<std::uint64_t> begun{0};     ///< messages whose send was called
  std::atomic<std::uint64_t> sent{0};      ///< messages whose send returned
  std::atomic<std::uint64_t> received{0};  ///< numbers up to here were seen
  std::atomic<std::uint64_t> faults{0};

  static PipeAccount& make() {
    void* memory = ::mmap(nullptr, sizeof(PipeAccount), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return *new (memory) PipeAccount;
  }
  void remove() { ::munmap(this, sizeof *this); }
  void clear() { begun = sent = received = faults = 0; }

  void send(Connection& to, const std::optional<Connection>& handle) {
    std::uint64_t number = begun.fetch_add(1);
    to.send(numbered(number, handle));
    sent.store(number + 1);
  }
  /// What comes must be whole, and the next one.
  void receive(Connection& from) {
    auto message = from.recv<Numbered>();
    if (!is_whole(message) || message.first != received.load()) ++faults;
    received.store(message.first + 1);
  }
};

}  // namespace cohort::testing
