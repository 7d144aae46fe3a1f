// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of the standard library's types that are no containers. Included by codec.hpp.
#pragma once

#include <array>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "cohort/wire/codec.hpp"

namespace cohort {

/// The first, then the second.
template <class First, class Second>
struct Codec<std::pair<First, Second>> {
  using Parts = detail::TypeList<First, Second>;

  static void encode(Encoder& out, const std::pair<First, Second>& value) {
    Codec<std::remove_cv_t<First>>::encode(out, value.first);
    Codec<std::remove_cv_t<Second>>::encode(out, value.second);
  }
  static std::pair<First, Second> decode(Decoder& in) {
    return std::pair<First, Second>{Codec<std::remove_cv_t<First>>::decode(in),
                                    Codec<std::remove_cv_t<Second>>::decode(in)};
  }
};

/// One after the other: what encode(a, b, c) writes. A tuple of nothing is one zero byte.
template <class... T>
struct Codec<std::tuple<T...>> {
  using Parts = detail::TypeList<T...>;

  static void encode(Encoder& out, const std::tuple<T...>& value) {
    if constexpr (sizeof...(T) == 0) {
      out.write_raw(std::byte{0});
    } else {
      std::apply([&](const auto&... part) { (Codec<std::remove_cv_t<T>>::encode(out, part), ...); }, value);
    }
  }
  static std::tuple<T...> decode(Decoder& in) {
    if constexpr (sizeof...(T) == 0) {
      if (in.read(1)[0] != std::byte{0}) { in.fail("an empty tuple is not one zero byte"); }
      return {};
    } else {
      return std::tuple<T...>{Codec<std::remove_cv_t<T>>::decode(in)...};
    }
  }
};

/// A byte that says whether there is a value, then the value.
template <class T>
struct Codec<std::optional<T>> {
  using Parts = detail::TypeList<T>;

  static void encode(Encoder& out, const std::optional<T>& value) {
    Codec<bool>::encode(out, value.has_value());
    if (value) { Codec<std::remove_cv_t<T>>::encode(out, *value); }
  }
  static std::optional<T> decode(Decoder& in) {
    if (!Codec<bool>::decode(in)) { return std::nullopt; }
    return std::optional<T>(Codec<std::remove_cv_t<T>>::decode(in));
  }
};

/// One zero byte.
template <>
struct Codec<std::monostate> {
  static void encode(Encoder& out, std::monostate) { out.write_raw(std::byte{0}); }
  static std::monostate decode(Decoder& in) {
    if (in.read(1)[0] != std::byte{0}) { in.fail("a monostate is not one zero byte"); }
    return {};
  }
};

/// The index of the alternative as a count, then its value.
template <class... T>
struct Codec<std::variant<T...>> {
  using Parts = detail::TypeList<T...>;

  static void encode(Encoder& out, const std::variant<T...>& value) {
    if (value.valueless_by_exception()) { Encoder::fail("a std::variant has lost its value to an exception"); }
    out.write_count(value.index());
    std::visit([&]<class U>(const U& alternative) { Codec<U>::encode(out, alternative); }, value);
  }
  static std::variant<T...> decode(Decoder& in) { return decode_at(in, std::index_sequence_for<T...>{}); }

 private:
  template <std::size_t... i>
  static std::variant<T...> decode_at(Decoder& in, std::index_sequence<i...>) {
    using Read = std::variant<T...> (*)(Decoder&);
    static constexpr std::array<Read, sizeof...(T)> kRead = {[](Decoder& from) {
      return std::variant<T...>(std::in_place_index<i>, Codec<std::remove_cv_t<T>>::decode(from));
    }...};
    const std::size_t index = in.read_count(1);
    if (index >= sizeof...(T)) { in.fail("a variant has no alternative of that index"); }
    return kRead[index](in);
  }
};

namespace detail {

/// A pointer that owns one value: a byte that says whether it is null, then the value.
template <class Pointer, class T>
struct PointerCodec {
  using Parts = TypeList<T>;

  static consteval bool sound() {
    static_assert(!std::is_array_v<T>, "cohort: a smart pointer to an array does not know its length: use std::vector");
    static_assert(!std::is_polymorphic_v<T> || std::is_final_v<T>,
                  "cohort: a pointer to a polymorphic class would be sliced: send a std::variant of the kinds");
    return !std::is_array_v<T>;
  }
  static void encode(Encoder& out, const Pointer& value) {
    if constexpr (sound()) {
      const Encoder::Nested nested(out);
      Codec<bool>::encode(out, value != nullptr);
      if (value != nullptr) { Codec<std::remove_cv_t<T>>::encode(out, *value); }
    }
  }
  static Pointer decode(Decoder& in) {
    if constexpr (sound()) {
      const Decoder::Nested nested(in);
      if (!Codec<bool>::decode(in)) { return nullptr; }
      in.charge(1, sizeof(T) + kNodeBytes);
      if constexpr (std::is_same_v<Pointer, std::shared_ptr<T>>) {
        return std::make_shared<T>(Codec<std::remove_cv_t<T>>::decode(in));
      } else {
        return Pointer(new T(Codec<std::remove_cv_t<T>>::decode(in)));
      }
    }
  }
};

/// A std::filesystem::path, told by its looks, since <filesystem> is a heavy header.
template <class T>
concept PathLike = requires(const T& value) {
  typename T::string_type;
  T::preferred_separator;
  { value.native() } -> std::same_as<const typename T::string_type&>;
  { value.lexically_normal() } -> std::same_as<T>;
};

}  // namespace detail

/// Null or the value. The object is not shared between the two sides.
template <class T>
struct Codec<std::unique_ptr<T>> : detail::PointerCodec<std::unique_ptr<T>, T> {};
/// Null or the value. Pointers that shared an object each get one of their own.
template <class T>
struct Codec<std::shared_ptr<T>> : detail::PointerCodec<std::shared_ptr<T>, T> {};

/// The text of the path, as the system spells it.
template <detail::PathLike T>
struct Codec<T> {
  static void encode(Encoder& out, const T& value) { Codec<typename T::string_type>::encode(out, value.native()); }
  static T decode(Decoder& in) { return T(Codec<typename T::string_type>::decode(in)); }
};

/// Eight to a byte, at least one byte.
template <std::size_t n>
struct Codec<std::bitset<n>> {
  static void encode(Encoder& out, const std::bitset<n>& value) {
    for (std::size_t at = 0; at == 0 || at < n; at += 8) {
      std::uint8_t byte = 0;
      for (std::size_t i = at; i < n && i < at + 8; ++i) {
        byte = static_cast<std::uint8_t>(byte | (value[i] ? 1U : 0U) << (i - at));
      }
      out.write_raw(byte);
    }
  }
  static std::bitset<n> decode(Decoder& in) {
    std::bitset<n> value;
    for (std::size_t at = 0; at == 0 || at < n; at += 8) {
      const auto byte = in.read_raw<std::uint8_t>();
      for (std::size_t i = at; i < at + 8; ++i) {
        if ((byte >> (i - at) & 1U) != 0) {
          if (i >= n) { in.fail("a bitset has a bit beyond its size"); }
          value[i] = true;
        }
      }
    }
    return value;
  }
};

}  // namespace cohort
