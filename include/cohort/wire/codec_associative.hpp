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
    const Encoder::Nested nested(out);
    const std::size_t before = out.size();
    out.write_count(value.size());
    for (const auto& item : value) {
      if constexpr (kIsMap) {
        Codec<Key>::encode(out, item.first);
        Codec<typename Container::mapped_type>::encode(out, item.second);
      } else {
        Codec<Key>::encode(out, item);
      }
    }
    if (out.size() - before < value.size()) [[unlikely]] {
      Encoder::fail("a Codec wrote nothing for an item; each value must take at least one byte");
    }
  }
  static Container decode(Decoder& in) {
    const Decoder::Nested nested(in);
    const std::size_t count = in.read_count(kIsMap ? 2 : 1);
    in.charge(count, sizeof(typename Container::value_type));
    Container value;
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (kIsMap) {
        Key key = Codec<Key>::decode(in);
        value.emplace_hint(value.end(), std::move(key), Codec<typename Container::mapped_type>::decode(in));
      } else {
        value.emplace_hint(value.end(), Codec<Key>::decode(in));
      }
    }
    if (value.size() != count) { in.fail("a key stands twice in a set or map"); }
    return value;
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
