// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What bytes of a stranger may cost: memory within DecodeLimits, and time that grows with the input, whatever keys were
// chosen.
#include <gtest/gtest.h>

#include <ctime>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/object.hpp"
#include "wire/keyed_hash.hpp"

namespace {

using cohort::decode;
using cohort::DecodeError;
using cohort::DecodeLimits;
using cohort::encode;
using cohort::Object;
using Bytes = std::vector<std::byte>;

template <class T>
std::string refusal(const Bytes& bytes, DecodeLimits limits = {}) {
  try {
    static_cast<void>(decode<T>(bytes, limits));
  } catch (const DecodeError& e) { return e.what(); }
  return "decoded";
}

void add_count(Bytes& bytes, std::size_t count) {
  cohort::VectorEncoder out;
  out.write_count(count);
  const Bytes more = out.take();
  bytes.insert(bytes.end(), more.begin(), more.end());
}

template <class T>
void add(Bytes& bytes, const T& value) {
  const Bytes more = encode(value);
  bytes.insert(bytes.end(), more.begin(), more.end());
}

// Seconds of this process's own processor time: what others do on the machine does not count.
template <class Function>
double seconds_of(Function&& function) {
  const std::clock_t before = std::clock();
  function();
  return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

template <class Container>
void expect_memory_is_bounded(const Container& value, std::size_t least) {
  const Bytes bytes = encode(value);
  EXPECT_EQ(refusal<Container>(bytes), "decoded");
  EXPECT_NE(refusal<Container>(bytes, {.memory = least - 1}).find("DecodeLimits::memory"), std::string::npos);
  EXPECT_EQ(refusal<Container>(bytes, {.memory = 64 * least}), "decoded");
}

TEST(DecodeLimits, count_what_containers_and_pointers_take) {
  constexpr std::size_t kItems = 1000;
  expect_memory_is_bounded(std::vector<std::optional<std::array<int, 100>>>(kItems), kItems * 400);
  expect_memory_is_bounded(std::vector<std::string>(kItems), kItems * sizeof(std::string));
  expect_memory_is_bounded(std::list<char>(kItems), kItems * 32);
  expect_memory_is_bounded(std::forward_list<char>(kItems), kItems * 24);
  std::set<int> numbers;
  std::unordered_map<int, char> map;
  for (int i = 0; i < static_cast<int>(kItems); ++i) {
    numbers.insert(i);
    map[i] = 0;
  }
  expect_memory_is_bounded(numbers, kItems * 40);
  expect_memory_is_bounded(map, kItems * 40);
  std::vector<std::shared_ptr<std::optional<std::array<int, 100>>>> pointers;
  for (std::size_t i = 0; i < kItems; ++i) pointers.push_back(std::make_shared<std::optional<std::array<int, 100>>>());
  EXPECT_EQ(refusal<decltype(pointers)>(encode(pointers)), "decoded");
  EXPECT_NE(refusal<decltype(pointers)>(encode(pointers), {.memory = kItems * 400}), "decoded");
  expect_memory_is_bounded(Object(Object::List(kItems)), kItems * sizeof(Object));
  expect_memory_is_bounded(Object(Object::List(kItems, Object::dict())), kItems * sizeof(cohort::ObjectDict));
}

TEST(DecodeLimits, are_finite_when_nothing_is_said) {
  // 1 MB that would become 4 GB.
  Bytes sparse;
  add_count(sparse, 1 << 20);
  sparse.resize(sparse.size() + (1 << 20));
  using Sparse = std::vector<std::optional<std::array<char, 4096>>>;
  EXPECT_NE(refusal<Sparse>(sparse).find("DecodeLimits::memory"), std::string::npos);
  using Owned = std::vector<std::unique_ptr<std::optional<std::array<char, 4096>>>>;
  Bytes owned;
  add_count(owned, 1 << 18);
  for (int i = 0; i < 1 << 18; ++i) owned.insert(owned.end(), {std::byte{1}, std::byte{0}});
  EXPECT_NE(refusal<Owned>(owned).find("DecodeLimits::memory"), std::string::npos);
}

TEST(DecodeLimits, grow_with_an_input_that_is_large_itself) {
  const std::string large(std::size_t{260} << 20, 'x');  // more than the default for small inputs
  EXPECT_EQ(decode<std::string>(encode(large)).size(), large.size());
}

TEST(DecodeLimits, count_items_that_are_decoded_one_by_one) {
  const std::vector<std::string> words(10);
  EXPECT_EQ(refusal<std::vector<std::string>>(encode(words), {.items = 10}), "decoded");
  EXPECT_NE(refusal<std::vector<std::string>>(encode(words), {.items = 9}).find("DecodeLimits::items"),
            std::string::npos);
  EXPECT_EQ(refusal<std::string>(encode(std::string(100, 'x')), {.items = 9}), "decoded");
  EXPECT_NE(refusal<Object>(encode(Object::list({1, Object::list({1, 2})})), {.items = 3}), "decoded");
}

TEST(DecodeLimits, leave_the_family_alone) {
  Bytes bytes;
  add_count(bytes, 1 << 17);
  bytes.resize(bytes.size() + (1 << 17));
  using Sparse = std::vector<std::optional<std::array<char, 2048>>>;
  EXPECT_EQ(refusal<Sparse>(bytes, DecodeLimits::within_family()), "decoded");
}

// The numbers of buckets that an unordered container goes through, so that keys can be chosen as an attacker does.
std::size_t buckets_for(std::size_t items) {
  std::unordered_set<std::size_t> set;
  for (std::size_t i = 0; i < items; ++i) set.insert(i);
  return set.bucket_count();
}

Bytes chosen_keys(std::size_t items, bool is_map) {
  const std::size_t stride = buckets_for(items);
  Bytes bytes;
  add_count(bytes, items);
  for (std::size_t i = 0; i < items; ++i) {
    add(bytes, static_cast<std::uint64_t>(i * stride));
    if (is_map) add(bytes, 'x');
  }
  return bytes;
}

template <class Container>
void expect_chosen_keys_are_refused(bool is_map) {
  constexpr std::size_t kItems = 20'000;
  const Bytes bytes = chosen_keys(kItems, is_map);
  EXPECT_NE(refusal<Container>(bytes).find("DecodeLimits::chain"), std::string::npos);
  // Just as many keys that nobody chose.
  Container plain;
  for (std::uint64_t i = 0; i < kItems; ++i) {
    const std::uint64_t key = i * i * 7919 + i;
    if constexpr (requires { typename Container::mapped_type; }) {
      plain.emplace(key, 'x');
    } else {
      plain.insert(key);
    }
  }
  EXPECT_EQ(decode<Container>(encode(plain)), plain);
  EXPECT_EQ(decode<Container>(chosen_keys(64, is_map)).size(), 64U);
}

TEST(UnorderedContainers, refuse_keys_that_were_chosen_to_share_a_bucket) {
  expect_chosen_keys_are_refused<std::unordered_set<std::uint64_t>>(false);
  expect_chosen_keys_are_refused<std::unordered_map<std::uint64_t, char>>(true);
  expect_chosen_keys_are_refused<std::unordered_multiset<std::uint64_t>>(false);
  expect_chosen_keys_are_refused<std::unordered_multimap<std::uint64_t, char>>(true);
}

// As many comparisons as there were, whatever the machine.
std::size_t comparisons = 0;
struct CountingEqual {
  bool operator()(double a, double b) const {
    ++comparisons;
    return a == b;
  }
};
struct OneBucket {
  std::size_t operator()(double) const { return 7; }
};

TEST(UnorderedContainers, cost_as_many_comparisons_as_the_chain_allows) {
  constexpr std::size_t kItems = 20'000;
  Bytes bytes;
  add_count(bytes, kItems);
  for (std::size_t i = 0; i < kItems; ++i) add(bytes, static_cast<double>(i));
  comparisons = 0;
  using Poor = std::unordered_set<double, OneBucket, CountingEqual>;
  EXPECT_NE(refusal<Poor>(bytes).find("DecodeLimits::chain"), std::string::npos);
  EXPECT_LT(comparisons, 100U * 100U);
  comparisons = 0;
  using PoorMany = std::unordered_multiset<double, OneBucket, CountingEqual>;
  EXPECT_NE(refusal<PoorMany>(bytes).find("DecodeLimits::chain"), std::string::npos);
  EXPECT_LT(comparisons, 100U * 200U);
  std::unordered_set<double, OneBucket, CountingEqual> few;
  for (int i = 0; i < 500; ++i) few.insert(i);
  EXPECT_NE(refusal<Poor>(encode(few)), "decoded");
  EXPECT_EQ(refusal<Poor>(encode(few), {.chain = 500}), "decoded");
}

TEST(UnorderedContainers, refuse_a_set_of_nan_before_it_costs) {
  constexpr std::size_t kItems = 20'000;
  Bytes bytes;
  add_count(bytes, kItems);
  for (std::size_t i = 0; i < kItems; ++i) add(bytes, __builtin_nan(""));
  EXPECT_NE(refusal<std::unordered_set<double>>(bytes).find("DecodeLimits::chain"), std::string::npos);
  EXPECT_NE(refusal<std::unordered_multiset<double>>(bytes), "decoded");
}

TEST(UnorderedContainers, keep_many_equal_keys_and_count_them_as_one) {
  std::unordered_multiset<double> many;
  for (int i = 0; i < 5'000; ++i) many.insert({1.5, 2.5, 3.5});
  EXPECT_EQ(decode<decltype(many)>(encode(many)), many);
  std::unordered_multimap<std::string, int> entries;
  for (int i = 0; i < 5'000; ++i) entries.emplace("k" + std::to_string(i % 3), i);
  EXPECT_EQ(decode<decltype(entries)>(encode(entries)), entries);
}

TEST(UnorderedContainers, go_over_a_run_of_equal_keys_once) {
  constexpr std::size_t kItems = 20'000;
  using PoorMany = std::unordered_multiset<double, OneBucket, CountingEqual>;
  Bytes together;
  Bytes by_turns;
  add_count(together, kItems);
  add_count(by_turns, kItems);
  for (std::size_t i = 0; i < kItems; ++i) {
    add(together, i < kItems / 2 ? 1.0 : 2.0);
    add(by_turns, i % 2 == 0 ? 1.0 : 2.0);
  }
  comparisons = 0;
  EXPECT_EQ(refusal<PoorMany>(together), "decoded");
  EXPECT_NE(refusal<PoorMany>(by_turns), "decoded");
  EXPECT_LT(comparisons, 20 * kItems);
}

Bytes object_set(std::size_t items, std::size_t stride) {
  Bytes bytes{std::byte{9}};
  add_count(bytes, items);
  for (std::size_t i = 0; i < items; ++i) {
    bytes.push_back(std::byte{2});
    add(bytes, static_cast<std::int64_t>(i * stride));
  }
  return bytes;
}

TEST(Object, costs_the_same_whatever_integers_were_chosen_as_keys) {
  constexpr std::size_t kItems = 40'000;
  const Bytes plain = object_set(kItems, 1);
  const Bytes chosen = object_set(kItems, buckets_for(kItems));
  EXPECT_EQ(decode<Object>(plain).size(), kItems);
  const double fair = seconds_of([&] { static_cast<void>(decode<Object>(plain)); });
  const double hostile = seconds_of([&] { static_cast<void>(decode<Object>(chosen)); });
  EXPECT_LT(hostile, 20 * fair + 0.1);  // with the identity for a hash: some hundred times
}

TEST(Object, has_a_hash_that_no_sender_can_compute) {
  // The key is drawn in each process; in this one it takes part in every kind.
  EXPECT_NE(Object(7).hash(), 7U);
  EXPECT_NE(Object("text").hash(), std::hash<std::string>{}("text"));
  EXPECT_NE(Object::tuple().hash(), Object().hash());
  const cohort::detail::HashKey mine = cohort::detail::key_of_process();
  EXPECT_TRUE(mine.first != 0 || mine.second != 0);
  cohort::detail::KeyedHash with_mine(mine);
  cohort::detail::KeyedHash with_other({mine.first + 1, mine.second});
  EXPECT_NE(with_mine.finish(), with_other.finish());
}

TEST(Object, refuses_nan_as_a_key) {
  const double nan = __builtin_nan("");
  EXPECT_THROW(Object::set({nan}), cohort::ValueError);
  EXPECT_THROW(Object::dict({{nan, 1}}), cohort::ValueError);
  EXPECT_THROW(Object::set({Object::tuple({1, nan})}), cohort::ValueError);
  EXPECT_EQ(Object::list({nan}).size(), 1U);
  Bytes set{std::byte{9}, std::byte{1}, std::byte{3}};
  add(set, nan);
  EXPECT_NE(refusal<Object>(set).find("NaN"), std::string::npos);
  Bytes dict{std::byte{8}, std::byte{1}, std::byte{7}, std::byte{1}, std::byte{3}};  // {(nan,): None}
  add(dict, nan);
  dict.push_back(std::byte{0});
  EXPECT_NE(refusal<Object>(dict).find("NaN"), std::string::npos);
}

}  // namespace
