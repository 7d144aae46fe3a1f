// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of strings and sequences: a count, then the items. Included by codec.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/wire/codec.hpp"

namespace cohort {

namespace detail {

/// Reads the items of an encoded range where they lie, whatever their alignment.
template <class T>
class BitwiseIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  explicit BitwiseIterator(const std::byte* at) noexcept : at_(at) {}
  T operator*() const noexcept { return load_bitwise<T>(at_); }
  BitwiseIterator& operator++() noexcept {
    at_ += sizeof(T);
    return *this;
  }
  BitwiseIterator operator++(int) noexcept {
    BitwiseIterator before = *this;
    at_ += sizeof(T);
    return before;
  }
  BitwiseIterator& operator+=(difference_type n) noexcept {
    at_ += n * static_cast<difference_type>(sizeof(T));
    return *this;
  }
  friend BitwiseIterator operator+(BitwiseIterator it, difference_type n) noexcept { return it += n; }
  friend difference_type operator-(BitwiseIterator a, BitwiseIterator b) noexcept {
    return (a.at_ - b.at_) / static_cast<difference_type>(sizeof(T));
  }
  friend bool operator==(BitwiseIterator, BitwiseIterator) = default;
  friend auto operator<=>(BitwiseIterator, BitwiseIterator) = default;

 private:
  const std::byte* at_;
};

template <class Container>
Container load_small(const std::byte* from, std::size_t count) {
  Container filled(count, typename Container::value_type{});
  if (count != 0) { std::memcpy(filled.data(), from, count * sizeof(typename Container::value_type)); }
  return filled;
}

template <class T>
void encode_items(Encoder& out, const T* items, std::size_t count) {
  if constexpr (!padded<T>()) {
    out.write(std::as_bytes(std::span(items, count)));
  } else {
    for (std::size_t i = 0; i < count; ++i) { encode_bitwise(out, items[i]); }
  }
}

/// The items whose representations lie in a row at `from`, at any alignment. Bools are not checked yet.
template <class Container>
Container load_items(const std::byte* from, std::size_t count) {
  using T = typename Container::value_type;
  if constexpr (sizeof(T) == 1 && !std::is_class_v<T> && !std::is_same_v<T, bool>) {
    return Container(reinterpret_cast<const T*>(from), reinterpret_cast<const T*>(from) + count);
  } else {
    if constexpr (std::is_trivially_default_constructible_v<T>) {
      // Small ranges: setting them to zero first costs less than item by item. Large ones touch their memory once.
      constexpr std::size_t kSmall = std::size_t{64} << 10;
      if (count * sizeof(T) <= kSmall) { return load_small<Container>(from, count); }
    }
    return Container(BitwiseIterator<T>(from), BitwiseIterator<T>(from) + static_cast<std::ptrdiff_t>(count));
  }
}

/// Reads `count` items, for whose bytes the decoder has been asked already, into a vector or a string.
template <class Container>
Container decode_items(Decoder& in, std::size_t count) {
  using T = typename Container::value_type;
  const std::byte* from = in.read(count * sizeof(T)).data();
  Container items = load_items<Container>(from, count);
  if constexpr (holds_bool<T>()) {
    for (const T& item : items) { check_bools(in, item); }
  }
  return items;
}

/// The encoding of a range item by item.
template <class Range>
void encode_each(Encoder& out, const Range& range, std::size_t count) {
  using T = std::remove_cv_t<typename Range::value_type>;
  const EncodedItems items(out, count);
  for (const auto& item : range) { Codec<T>::encode(out, item); }
  items.expect_a_byte_each();
}

/// Room for items that were announced, but not more than a MiB before they have really come.
template <class Container>
void reserve_some(Container& container, std::size_t count) {
  constexpr std::size_t kMost = 1 + (std::size_t{1} << 20) / sizeof(typename Container::value_type);
  container.reserve(count < kMost ? count : kMost);
}

template <class Container>
struct SequenceCodec {
  using T = typename Container::value_type;
  using Parts = TypeList<T>;
  static constexpr bool kBitwise = is_bitwise_encodable<T>;
  static constexpr bool kInNodes = std::is_same_v<Container, std::list<T, typename Container::allocator_type>> ||
                                   std::is_same_v<Container, std::forward_list<T, typename Container::allocator_type>>;

  static void encode(Encoder& out, const Container& value) {
    if constexpr (std::is_same_v<Container, std::forward_list<T, typename Container::allocator_type>>) {
      encode_each(out, value, static_cast<std::size_t>(std::distance(value.begin(), value.end())));
    } else {
      encode_each(out, value, value.size());
    }
  }
  static Container decode(Decoder& in) {
    const Decoder::Nested nested(in);
    const std::size_t count = in.read_count(kBitwise ? sizeof(T) : 1);
    in.charge_each(count, sizeof(T) + (kInNodes ? kNodeBytes : 0));
    return decode_items(in, count);
  }

 private:
  static Container decode_items(Decoder& in, std::size_t count) {
    Container value;
    if constexpr (requires { value.reserve(count); }) { reserve_some(value, count); }
    if constexpr (requires { value.emplace_back(Codec<T>::decode(in)); }) {
      for (std::size_t i = 0; i < count; ++i) { value.emplace_back(Codec<T>::decode(in)); }
    } else {
      auto last = value.before_begin();
      for (std::size_t i = 0; i < count; ++i) { last = value.emplace_after(last, Codec<T>::decode(in)); }
    }
    return value;
  }
};

template <class Container>
struct ContiguousCodec {
  using T = typename Container::value_type;
  using Parts = TypeList<T>;

  static void encode(Encoder& out, const Container& value) {
    out.write_count(value.size());
    encode_items(out, value.data(), value.size());
  }
  static Container decode(Decoder& in) {
    const std::size_t count = in.read_count(sizeof(T));
    in.charge(count, sizeof(T));
    return decode_items<Container>(in, count);
  }
};

}  // namespace detail

template <class Char, class Traits, class Allocator>
struct Codec<std::basic_string<Char, Traits, Allocator>>
    : detail::ContiguousCodec<std::basic_string<Char, Traits, Allocator>> {};

/// Encodes as a string does; there is nobody to own the text of a decoded one.
template <class Char, class Traits>
struct Codec<std::basic_string_view<Char, Traits>> {
  using Refused = void;

  static void encode(Encoder& out, std::basic_string_view<Char, Traits> value) {
    out.write_count(value.size());
    detail::encode_items(out, value.data(), value.size());
  }
  static std::basic_string_view<Char, Traits> decode(Decoder&) {
    static_assert(detail::kNever<Char>,
                  "cohort: a std::string_view cannot be decoded, it owns no text: take a std::string");
  }
};

template <class T, std::size_t extent>
struct Codec<std::span<T, extent>> {
  using Refused = void;

  static void encode(Encoder&, std::span<T, extent>) { refuse(); }
  static std::span<T, extent> decode(Decoder&) { refuse(); }

 private:
  static void refuse() {
    static_assert(detail::kNever<T>, "cohort: a std::span cannot travel, it owns no items: send a std::vector");
  }
};

template <class T, class Allocator>
struct Codec<std::vector<T, Allocator>>
    : std::conditional_t<is_bitwise_encodable<T>, detail::ContiguousCodec<std::vector<T, Allocator>>,
                         detail::SequenceCodec<std::vector<T, Allocator>>> {};

/// Eight to a byte.
template <class Allocator>
struct Codec<std::vector<bool, Allocator>> {
  using Parts = detail::TypeList<bool>;

  static void encode(Encoder& out, const std::vector<bool, Allocator>& value) {
    out.write_count(value.size());
    for (std::size_t first = 0; first < value.size(); first += 8) { out.write_raw(eight_from(value, first)); }
  }
  static std::vector<bool, Allocator> decode(Decoder& in) {
    const Decoder::Bits bits = in.read_bits();
    std::vector<bool, Allocator> value(bits.count);
    for (std::size_t i = 0; i < bits.count; ++i) { value[i] = bits[i]; }
    return value;
  }

 private:
  static std::uint8_t eight_from(const std::vector<bool, Allocator>& value, std::size_t first) {
    const std::size_t count = std::min<std::size_t>(8, value.size() - first);
    unsigned byte = 0;
    for (std::size_t i = 0; i < count; ++i) { byte |= (value[first + i] ? 1U : 0U) << i; }
    return static_cast<std::uint8_t>(byte);
  }
};

template <class T, class Allocator>
struct Codec<std::deque<T, Allocator>> : detail::SequenceCodec<std::deque<T, Allocator>> {};
template <class T, class Allocator>
struct Codec<std::list<T, Allocator>> : detail::SequenceCodec<std::list<T, Allocator>> {};
template <class T, class Allocator>
struct Codec<std::forward_list<T, Allocator>> : detail::SequenceCodec<std::forward_list<T, Allocator>> {};

/// Its items one after the other, without a count. An array of no items is one zero byte.
template <class T, std::size_t n>
struct Codec<std::array<T, n>> {
  using Parts = detail::TypeList<T>;

  static void encode(Encoder& out, const std::array<T, n>& value) {
    if constexpr (is_bitwise_encodable<std::array<T, n>>) {
      detail::encode_bitwise(out, value);
    } else if constexpr (n == 0) {
      out.write_raw(std::byte{0});
    } else {
      for (const auto& item : value) { Codec<std::remove_cv_t<T>>::encode(out, item); }
    }
  }
  static std::array<T, n> decode(Decoder& in) {
    if constexpr (n == 0) {
      if (in.read(1)[0] != std::byte{0}) { in.fail("an empty array is not one zero byte"); }
      return {};
    } else if constexpr (is_bitwise_encodable<std::array<T, n>>) {
      return detail::decode_bitwise<std::array<T, n>>(in);
    } else if constexpr (n > 64 && std::is_default_constructible_v<T> && std::is_move_assignable_v<T>) {
      std::array<T, n> value;
      for (T& item : value) { item = Codec<T>::decode(in); }
      return value;
    } else {
      return [&]<std::size_t... i>(std::index_sequence<i...>) {
        return std::array<T, n>{{(static_cast<void>(i), Codec<std::remove_cv_t<T>>::decode(in))...}};
      }(std::make_index_sequence<n>{});
    }
  }
};

}  // namespace cohort
