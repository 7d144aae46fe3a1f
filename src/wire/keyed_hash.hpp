// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// SipHash-1-3: a hash that nobody can aim at who does not know the key. Jean-Philippe Aumasson and Daniel J. Bernstein,
// "SipHash: a fast short-input PRF", 2012; one round for each word and three at the end, as CPython (since 3.11) and
// Rust use it for their tables.
//
//   KeyedHash hash(key_of_process());
//   hash.add(number);
//   hash.add(text);
//   std::uint64_t value = hash.finish();
//
// Threads: a KeyedHash belongs to one thread. Fork: the child keeps the key, and with it the tables that it inherits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::detail {

/// 128 secret bits.
struct HashKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

/// The key of this process: random, and the same for as long as the process and its forks live.
[[nodiscard]] const HashKey& key_of_process();

/// Hashes what is added, piece by piece: the pieces' borders do not count.
class KeyedHash {
 public:
  explicit KeyedHash(const HashKey& key) noexcept;

  void add(std::uint64_t number) noexcept;
  void add(std::span<const std::byte> bytes) noexcept;
  /// The hash of everything that was added. Nothing may be added afterwards.
  [[nodiscard]] std::uint64_t finish() noexcept;

 private:
  void round() noexcept;
  void take(std::uint64_t word) noexcept;

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
  std::uint64_t gathered_ = 0;  // bytes that do not fill a word yet
  std::uint64_t length_ = 0;
};

}  // namespace cohort::detail
