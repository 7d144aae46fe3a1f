// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Values to bytes and back: what arguments, results and items of queues travel as.
//
//   struct Job { std::string name; std::vector<double> samples; std::optional<int> seed; };   // nothing to declare
//   std::vector<std::byte> bytes = cohort::encode(Job{"first", {1.5}, 42});
//   Job same = cohort::decode<Job>(bytes);
//
// Built in: arithmetic types, enums, strings, the standard containers, pair, tuple, optional, variant, bitset, complex,
// chrono durations and time points, filesystem::path, unique_ptr and shared_ptr to values, and aggregates of up to 32
// such fields. A class of your own specialises Codec:
//
//   template <> struct cohort::Codec<Celsius> {
//     static void encode(Encoder& out, const Celsius& value) { Codec<double>::encode(out, value.degrees()); }
//     static Celsius decode(Decoder& in) { return Celsius(Codec<double>::decode(in)); }
//   };
//
// Every value takes at least one byte, and Codec<T>::decode must consume what encode wrote. No default constructor is
// needed: decode returns the value. The types of both sides must be the same; the bytes do not name them. The
// layout is in docs/formats/codec.md.
//
// What cannot travel does not compile, and the message says what to write instead: pointers, references, C arrays,
// mutexes, views (std::span, std::string_view as a result), lambdas with captures.
//
// Hostile bytes make decode throw DecodeError, nothing else: no overrun, no unbounded allocation, no endless recursion.
// Shared pointers travel as values: two that shared one object do not share it afterwards; a cycle is an EncodeError.
//
// Threads: all functions here may be called from any. Python: pickle, which executes what it reads; this does not.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/wire/codec_traits.hpp"
#include "cohort/wire/decoder.hpp"
#include "cohort/wire/encoder.hpp"
#include "cohort/wire/reflection.hpp"

namespace cohort {

namespace detail {

/// Copies the leaves of `value`, which lies in the object at `from`, to the same places in `to`, and leaves gaps alone.
template <class T>
void place(std::byte* to, const std::byte* from, const T& value) {
  if constexpr (std::is_empty_v<T>) {
    return;
  } else if constexpr (StdArray<T>::value) {
    for (const auto& item : value) { place(to, from, item); }
  } else if constexpr (kIsScalar<T> || ComplexLike<T>) {
    constexpr std::size_t kSize = padded<T>() ? 10 : sizeof(T);  // the only padded scalar is x87's
    std::memcpy(to + (reinterpret_cast<const std::byte*>(&value) - from), &value, kSize);
  } else {
    with_fields(value, [&](const auto&... field) { (place(to, from, field), ...); });
  }
}

/// Throws DecodeError when a bool within `value` is neither 0 nor 1. Its byte is looked at, never its value.
template <class T>
void check_bools(const Decoder& in, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    unsigned char byte = 0;
    std::memcpy(&byte, &value, 1);
    if (byte > 1) [[unlikely]] { in.fail("a bool is neither 0 nor 1"); }
  } else if constexpr (!holds_bool<T>()) {
    return;
  } else if constexpr (StdArray<T>::value) {
    for (const auto& item : value) { check_bools(in, item); }
  } else {
    with_fields(value, [&](const auto&... field) { (check_bools(in, field), ...); });
  }
}

/// Writes an object with padding where the sink has no room for it in one piece. Not inlined, since it is rare and GCC
/// would warn of the path that is not taken.
template <class T>
[[gnu::noinline]] void encode_image(Encoder& out, const T& value) {
  std::array<std::byte, sizeof(T)> image{};
  place(image.data(), reinterpret_cast<const std::byte*>(&value), value);
  out.write_raw(image);
}

template <class T>
void encode_bitwise(Encoder& out, const T& value) {
  if constexpr (!padded<T>()) {
    out.write_raw(value);
  } else if constexpr (StdArray<T>::kSize != 0) {
    for (const auto& item : value) { encode_bitwise(out, item); }
  } else {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    // Straight into the sink where it has room: a detour over an image is read back while its stores are still under
    // way, which costs more than the rest of the encoding.
    if (std::byte* to = out.try_claim(sizeof(T))) [[likely]] {
      std::memset(to, 0, sizeof(T));
      place(to, from, value);
    } else {
      encode_image(out, value);
    }
  }
}

/// The T whose representation lies at `from`, at any alignment. Bools are not checked yet.
template <class T>
T load_bitwise(const std::byte* from) {
  if constexpr (std::is_trivially_default_constructible_v<T>) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
  } else {
    std::array<std::byte, sizeof(T)> image;
    std::memcpy(image.data(), from, sizeof(T));
    return std::bit_cast<T>(image);
  }
}

template <class T>
T decode_bitwise(Decoder& in) {
  const std::byte* from = in.read(sizeof(T)).data();
  if constexpr (std::is_same_v<T, bool>) {
    if (static_cast<unsigned char>(*from) > 1) [[unlikely]] { in.fail("a bool is neither 0 nor 1"); }
    return *from != std::byte{0};
  } else {
    T value = load_bitwise<T>(from);
    check_bools(in, value);
    return value;
  }
}

template <class T, class... Field>
T decode_fields(Decoder& in, TypeList<Field...>) {
  return T{Codec<std::remove_cv_t<Field>>::decode(in)...};  // braces: the fields are read in order
}

}  // namespace detail

/// How a T becomes bytes and comes back: the one point of customisation. Specialise it for a class of your own with
///   static void encode(Encoder&, const T&)   which writes at least one byte
///   static T decode(Decoder&)                which reads the same bytes, and calls Decoder::fail on a bad value
///
/// This general form serves scalars and aggregates, and refuses the rest by name.
template <class T>
struct Codec {
  using Primary = void;  // a specialisation does not have this, which is how the library tells

  /// Appends `value`. Throws EncodeError where a value cannot be encoded, or what the sink throws.
  static void encode(Encoder& out, const T& value) {
    if constexpr (is_bitwise_encodable<T>) {
      detail::encode_bitwise(out, value);
    } else if constexpr (takes_apart()) {
      if constexpr (detail::kFieldCount<T> == 0) {
        out.write_raw(std::byte{0});
      } else {
        detail::with_fields(value,
                            [&]<class... Field>(const Field&... field) { (Codec<Field>::encode(out, field), ...); });
      }
    } else if constexpr (detail::ComplexLike<T>) {
      encode_parts(out, value);
    } else {
      detail::refuse<T>();
    }
  }

  /// Reads one value. Throws DecodeError.
  static detail::Decoded<T> decode(Decoder& in) {
    if constexpr (is_bitwise_encodable<T>) {
      return detail::decode_bitwise<T>(in);
    } else if constexpr (takes_apart()) {
      if constexpr (detail::kFieldCount<T> == 0) {
        if (in.read(1)[0] != std::byte{0}) { in.fail("an empty struct is not one zero byte"); }
        return T{};
      } else {
        return detail::decode_fields<T>(in, fields());
      }
    } else if constexpr (detail::ComplexLike<T>) {
      using Part = typename T::value_type;
      const Part real = Codec<Part>::decode(in);
      return T(real, Codec<Part>::decode(in));
    } else {
      detail::refuse<T>();
    }
  }

 private:
  static void encode_parts(Encoder& out, const T& value) {
    Codec<typename T::value_type>::encode(out, value.real());
    Codec<typename T::value_type>::encode(out, value.imag());
  }
  static constexpr auto fields() { return detail::FieldsOf<T>{}; }
  static consteval bool takes_apart() {
    if constexpr (std::is_aggregate_v<T> && !std::is_array_v<T>) {
      if constexpr (detail::shape_of<T>() == detail::Shape::fields) { return refuse_references(fields()); }
    }
    return false;
  }
  // A field that is a reference to const, or an array of one, is seen only once the fields are known.
  template <class... Field>
  static consteval bool refuse_references(detail::TypeList<Field...>) {
    (
        [] {
          if constexpr (std::is_reference_v<Field> || std::is_array_v<Field> || std::is_volatile_v<Field>) {
            detail::refuse<Field>();
          }
        }(),
        ...);
    return true;
  }
};

/// Ends the compilation with the reason when T cannot travel. Templates that take a T call it first, and constrain
/// nothing with Encodable that a user could trip over: a sentence helps more than a list of candidates.
template <class T>
constexpr void require_encodable() {
  if constexpr (std::is_reference_v<T>) {
    detail::refuse<T>();
  } else if constexpr (!Encodable<T>) {
    static_cast<void>(&Codec<std::remove_const_t<T>>::encode);
    static_cast<void>(&Codec<std::remove_const_t<T>>::decode);
  }
}

/// The bytes of the values, one after the other; decode<std::tuple<T...>> gives them back.
///
/// @throws EncodeError  a value has no encoding: a std::variant without a value, nesting beyond kDefaultMaxDepth
/// Cost: one allocation of the exact size for small values; contiguous ranges of bitwise types are one memcpy
/// Python: pickle.dumps
template <class... T>
[[nodiscard]] std::vector<std::byte> encode(const T&... values) {
  VectorEncoder out;
  (Codec<T>::encode(out, values), ...);
  return out.take();
}

/// The value whose encoding `bytes` is, all of it.
///
/// @throws DecodeError  the bytes are no encoding of a T, or exceed the limits; nothing is left behind
/// Python: pickle.loads
template <class T>
[[nodiscard]] T decode(std::span<const std::byte> bytes, DecodeLimits limits = {}) {
  static_assert(!std::is_reference_v<T>, "cohort: decode gives a value: name a type that is no reference");
  Decoder in(bytes, limits);
  T value = Codec<std::remove_cv_t<T>>::decode(in);
  in.expect_end();
  return value;
}

}  // namespace cohort

// The standard library's types. Included last: they need all of the above.
#include "cohort/wire/codec_associative.hpp"
#include "cohort/wire/codec_containers.hpp"
#include "cohort/wire/codec_standard.hpp"
