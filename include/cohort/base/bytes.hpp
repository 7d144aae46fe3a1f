// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Sizes in bytes, with literals: `using namespace cohort::literals; Pool pool({.memory = 1_GiB});`
#pragma once

#include <compare>
#include <cstdint>

namespace cohort {

/// A number of bytes. Python has bare integers here; a type keeps sizes and counts apart.
struct Bytes {
  std::uint64_t count = 0;

  constexpr Bytes() = default;
  /// Explicit, so that a bare number is never taken for a size.
  constexpr explicit Bytes(std::uint64_t bytes) : count(bytes) {}

  friend constexpr auto operator<=>(Bytes, Bytes) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.count + b.count); }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return Bytes(a.count - b.count); }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t times) { return Bytes(a.count * times); }
};

inline namespace literals {
constexpr Bytes operator""_B(unsigned long long n) { return Bytes(n); }
constexpr Bytes operator""_KiB(unsigned long long n) { return Bytes(n << 10); }
constexpr Bytes operator""_MiB(unsigned long long n) { return Bytes(n << 20); }
constexpr Bytes operator""_GiB(unsigned long long n) { return Bytes(n << 30); }
}  // namespace literals

}  // namespace cohort
