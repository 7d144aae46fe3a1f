// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of sets and maps: a count, then the keys, each with its value. Included by codec.hpp.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "cohort/wire/codec.hpp"

namespace cohort {

namespace detail {

template <class Container>
struct PartsOf {
  using Type = TypeList<typename Container::key_type>;
};
template <class Container>
  requires requires { typename Container::mapped_type; }
struct PartsOf<Container> {
  using Type = TypeList<typename Container::key_type, typename Container::mapped_type>;
};

template <class Container>
struct AssociativeCodec {
  using Key = typename Container::key_type;
  static constexpr bool kIsMap = requires { typename Container::mapped_type; };

  using Parts = typename PartsOf<Container>::Type;

  static void encode(Encoder& out, const Container& value) {
    const EncodedItems items(out, value.size());
    for (const auto& item : value) {
      if constexpr (kIsMap) {
        Codec<Key>::encode(out, item.first);
        Codec<typename Container::mapped_type>::encode(out, item.second);
      } else {
        Codec<Key>::encode(out, item);
      }
    }
    items.expect_a_byte_each();
  }
  static Container decode(Decoder& in) {
    const Decoder::Nested nested(in);
    const std::size_t count = in.read_count(kIsMap ? 2 : 1);
    in.charge_each(count, sizeof(typename Container::value_type) + kNodeBytes);
    return decode_items(in, count);
  }

 private:
  using Iterator = typename Container::iterator;

  static Container decode_items(Decoder& in, std::size_t count) {
    Container value;
    auto last = value.end();
    for (std::size_t i = 0; i < count; ++i) { last = decode_item(in, value, last); }
    expect_all(in, value, count);
    return value;
  }
  // Reads one more item; `last` is the one before.
  static Iterator decode_item(Decoder& in, Container& value, Iterator last) {
    Key key = Codec<Key>::decode(in);
    if constexpr (kHasBuckets) { expect_short_chain(in, value, last, key); }
    // Sorted keys go to the end at once; equal keys, which stand together, go beside each other without a search.
    const auto hint = kHasBuckets ? last : value.end();
    if constexpr (kIsMap) {
      return value.emplace_hint(hint, std::move(key), Codec<typename Container::mapped_type>::decode(in));
    } else {
      return value.emplace_hint(hint, std::move(key));
    }
  }
  static void expect_all(const Decoder& in, const Container& value, std::size_t count) {
    if (value.size() != count) { in.fail("a key stands twice in a set or map"); }
    if constexpr (kHasBuckets) { expect_short_chains(in, value); }
  }

  static constexpr bool kHasBuckets = requires(const Container& value, const Key& key) { value.bucket(key); };
  static constexpr bool kIsMulti =
      !requires(Container& value, const typename Container::value_type& item) { value.insert(item).second; };

  static const Key& key_of(const typename Container::value_type& item) noexcept {
    if constexpr (kIsMap) {
      return item.first;
    } else {
      return item;
    }
  }

  // Before `key` goes in: its bucket holds few others. In a container with equal keys these stand together, as encode()
  // writes them: so a run of them is gone over once for each other key of its bucket, and not for each of its own.
  static void expect_short_chain(const Decoder& in, const Container& value, Iterator last, const Key& key) {
    if (in.longest_chain() >= value.size()) [[likely]] { return; }
    if constexpr (kIsMulti) {
      if (value.key_eq()(key_of(*last), key)) { return; }
      if (value.contains(key)) { in.fail("equal keys of a container do not stand together"); }
    }
    expect_short_chain_in(in, value, value.bucket(key));
  }

  static void expect_short_chain_in(const Decoder& in, const Container& value, std::size_t bucket) {
    std::size_t distinct = 0;
    const typename Container::value_type* before = nullptr;
    for (auto item = value.begin(bucket); item != value.end(bucket); ++item) {
      if (!kIsMulti || before == nullptr || !value.key_eq()(key_of(*before), key_of(*item))) { ++distinct; }
      before = &*item;
      if (distinct > in.longest_chain()) [[unlikely]] {
        in.fail("more keys of an unordered container share a bucket than DecodeLimits::chain allows");
      }
    }
  }

  // The last growth may have gathered keys that were apart when they went in.
  static void expect_short_chains(const Decoder& in, const Container& value) {
    if (in.longest_chain() >= value.size()) [[likely]] { return; }
    for (std::size_t bucket = 0; bucket < value.bucket_count(); ++bucket) { expect_short_chain_in(in, value, bucket); }
  }
};

}  // namespace detail

#define COHORT_ASSOCIATIVE_CODEC(...) \
  template <class... Argument>        \
  struct Codec<__VA_ARGS__<Argument...>> : detail::AssociativeCodec<__VA_ARGS__<Argument...>> {}
COHORT_ASSOCIATIVE_CODEC(std::set);
COHORT_ASSOCIATIVE_CODEC(std::multiset);
COHORT_ASSOCIATIVE_CODEC(std::map);
COHORT_ASSOCIATIVE_CODEC(std::multimap);
COHORT_ASSOCIATIVE_CODEC(std::unordered_set);
COHORT_ASSOCIATIVE_CODEC(std::unordered_multiset);
COHORT_ASSOCIATIVE_CODEC(std::unordered_map);
COHORT_ASSOCIATIVE_CODEC(std::unordered_multimap);
#undef COHORT_ASSOCIATIVE_CODEC

}  // namespace cohort
