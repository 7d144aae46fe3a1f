// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The property of tests/fuzz/codec_fuzzer.cpp over inputs that never change: good encodings with bytes changed, cut
// off, inserted and repeated.
#include <gtest/gtest.h>

#include <random>

#include "fuzz/codec_property.hpp"

namespace {

using cohort::fuzz::check_bytes;
using cohort::fuzz::Everything;
using cohort::fuzz::Leaf;
using cohort::fuzz::Level;
using cohort::fuzz::Node;
using cohort::fuzz::Unordered;
using Bytes = std::vector<std::byte>;

Node tree() {
  Node root;
  root.name = "root";
  root.value = std::vector<Leaf>{{'a', 1.5, true}, {'b', 2.5, false}};
  root.next = std::make_unique<Node>();
  root.next->value = std::u16string(u"wide");
  root.children.resize(3);
  root.children[1].value = true;
  root.children[2].children.resize(2);
  return root;
}

Everything everything() {
  Everything all;
  all.leaves = {{'x', 1, true}, {'y', 2, false}};
  all.flags = {{"none", std::nullopt}, {"some", std::vector<bool>{true, false, true}}};
  all.lists = {{-1, {"a", "b"}}, {7, {}}};
  all.levels = {{std::int8_t{1}, Level::high}, {std::int8_t{2}, Level::low}};
  all.bools = {{true, false, true}};
  all.odds = {"/tmp", std::bitset<13>(0x155), {1, 2}};
  all.shared = std::make_shared<std::multimap<std::uint16_t, std::wstring>>();
  all.shared->emplace(std::uint16_t{1}, L"one");
  all.numbers = {{1, 2}, {}, {3}};
  all.root = tree();
  return all;
}

// Each round changes a good encoding in one to four ways.
Bytes mutate(const Bytes& good, std::mt19937& random) {
  Bytes bytes = good;
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  static constexpr std::uint8_t kTelling[] = {0, 1, 2, 0x7f, 0x80, 0xff};
  for (std::size_t change = 1 + below(4); change != 0; --change) {
    const std::size_t at = below(bytes.size());
    const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0:
        if (!bytes.empty()) *where ^= static_cast<std::byte>(1U << below(8));
        break;
      case 1:
        if (!bytes.empty()) *where = static_cast<std::byte>(kTelling[below(std::size(kTelling))]);
        break;
      case 2: bytes.resize(at); break;
      case 3: bytes.insert(where, static_cast<std::byte>(random())); break;
      case 4:
        bytes.erase(where, where + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(9, bytes.size() - at))));
        break;
      default: {
        const Bytes piece(where,
                          where + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(40, bytes.size() - at))));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), piece.begin(), piece.end());
      }
    }
  }
  return bytes;
}

template <class T>
void hammer(const T& value, int rounds) {
  const Bytes good = cohort::encode(value);
  ASSERT_TRUE(check_bytes<T>(good));
  std::mt19937 random(20'260'101);
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    const Bytes bytes = mutate(good, random);
    ASSERT_NO_THROW(accepted += check_bytes<T>(bytes)) << "round " << i;
  }
  // Both must occur, else the inputs test nothing.
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, rounds);
}

TEST(CodecHostile, only_ever_throws_a_decode_error_for_a_deep_mixed_type) { hammer(everything(), 20'000); }
TEST(CodecHostile, only_ever_throws_a_decode_error_for_a_type_that_contains_itself) { hammer(tree(), 20'000); }
TEST(CodecHostile, only_ever_throws_a_decode_error_for_ranges_of_padded_structs) {
  hammer(std::vector<std::vector<Leaf>>{{{'a', 1, true}, {'b', 2, false}}, {}, {{'c', 3, true}}}, 20'000);
}

TEST(CodecHostile, only_ever_throws_a_decode_error_for_unordered_containers) {
  hammer(Unordered{{"a", {1, 2, 2}}, {"b", {}}, {"c", {5}}}, 20'000);
}

TEST(CodecHostile, refuses_every_prefix_of_a_good_encoding) {
  const Bytes good = cohort::encode(everything());
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(check_bytes<Everything>(std::span(good).first(size))) << "prefix of " << size;
  }
}

TEST(CodecHostile, survives_noise) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    Bytes noise(random() % 64);
    for (std::byte& byte : noise) { byte = static_cast<std::byte>(random()); }
    ASSERT_NO_THROW(check_bytes<Everything>(noise));
    ASSERT_NO_THROW(check_bytes<Node>(noise));
  }
}

}  // namespace
