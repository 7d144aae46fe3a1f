// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/size_text.hpp"

#include <charconv>
#include <system_error>

namespace cohort::family {

namespace {

// How many bits a unit shifts by; nullopt when it is none.
std::optional<unsigned> shift_of(std::string_view unit) noexcept {
  if (unit.empty()) return 0;
  if (unit.size() != 1) return std::nullopt;
  switch (unit[0]) {
    case 'K':
    case 'k': return 10;
    case 'M':
    case 'm': return 20;
    case 'G':
    case 'g': return 30;
    case 'T':
    case 't': return 40;
    default: return std::nullopt;
  }
}

}  // namespace

// Not strtoull(), which takes blanks and signs: " -1" was 2^64 - 1 bytes.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  std::uint64_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  auto shift = shift_of(text.substr(static_cast<std::size_t>(rest - text.data())));
  if (!shift || number > UINT64_MAX >> *shift) return std::nullopt;
  return number << *shift;
}

}  // namespace cohort::family
