// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What must hold for any bytes at all that are given to the codec; for the fuzzer and for the unit test.
#pragma once

#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort::fuzz {

enum class Level : std::uint8_t { low, high };

struct Leaf {
  char tag = 0;
  double number = 0;
  bool flag = false;
};

struct Node {
  std::string name;
  std::vector<Node> children;
  std::unique_ptr<Node> next;
  std::variant<std::monostate, bool, std::u16string, std::vector<Leaf>> value;
};

/// One of everything that the codec has built in, but for what has no order.
struct Everything {
  std::vector<Leaf> leaves;
  std::map<std::string, std::optional<std::vector<bool>>> flags;
  std::map<std::int32_t, std::list<std::string>> lists;
  std::set<std::pair<std::int8_t, Level>> levels;
  std::deque<std::array<bool, 3>> bools;
  std::tuple<std::filesystem::path, std::bitset<13>, std::complex<float>> odds;
  std::chrono::system_clock::time_point when;
  std::shared_ptr<std::multimap<std::uint16_t, std::wstring>> shared;
  std::forward_list<std::vector<std::int64_t>> numbers;
  Node root;
};

/// The order of these is lost in a round trip, and with it the bytes; they compare as values.
using Unordered = std::unordered_map<std::string, std::unordered_multiset<std::int16_t>>;

/// Decodes `bytes` as a T: either that throws DecodeError, or the value is one that can be encoded, whose encoding
/// decodes again, to the same value. Throws std::logic_error where it does not hold.
///
/// @returns  whether the bytes were an encoding
template <class T>
bool check_bytes(std::span<const std::byte> bytes) {
  std::vector<std::byte> once;
  try {
    once = encode(decode<T>(bytes));
  } catch (const DecodeError&) { return false; }
  bool same = false;
  if constexpr (std::is_same_v<T, Unordered>) {
    same = decode<T>(once) == decode<T>(bytes);
  } else {
    same = encode(decode<T>(once)) == once;
  }
  if (!same) { throw std::logic_error("a value that was decoded does not survive a round trip"); }
  return true;
}

}  // namespace cohort::fuzz
