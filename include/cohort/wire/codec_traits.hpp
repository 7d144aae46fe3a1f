// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the codec knows of a type before it touches a value: whether its bytes are its value, whether it can travel at
// all, and if not, the sentence with which the compiler refuses it. Each says what to write instead; the type is in the
// lines around it ("with Culprit = …"). tests/compile_fail holds every one of them.
// Included by codec.hpp; the customisation point itself is described there.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cohort/wire/reflection.hpp"

namespace cohort {

static_assert(std::endian::native == std::endian::little, "cohort: the wire format is little-endian, as are its ports");

class Encoder;
class Decoder;
template <class T>
struct Codec;

namespace detail {

// What Codec<T>::decode returns; a type that no function can return is refused in its body, with a sentence.
template <class T>
using Decoded =
    std::conditional_t<std::is_array_v<T> || std::is_function_v<T> || std::is_abstract_v<T> || std::is_void_v<T>, void,
                       T>;

/// Codec<T> is the general one: nobody has specialised it.
template <class T>
concept UsesPrimaryCodec = requires { typename Codec<T>::Primary; };
/// Codec<T> is one of ours over other types, which must be encodable too.
template <class T>
concept HasParts = requires { typename Codec<T>::Parts; };
/// Codec<T> is one of ours that only says why not.
template <class T>
concept Refused = requires { typename Codec<T>::Refused; };
/// Codec<T> is a specialisation that follows the contract.
template <class T>
concept CustomCodec = !UsesPrimaryCodec<T> && !Refused<T> && requires(Encoder& out, Decoder& in, const T& value) {
  Codec<T>::encode(out, value);
  { Codec<T>::decode(in) } -> std::same_as<T>;
};

template <class T>
struct StdArray : std::false_type {
  static constexpr std::size_t kSize = 0;
};
template <class T, std::size_t n>
struct StdArray<std::array<T, n>> : std::true_type {
  using Item = T;
  static constexpr std::size_t kSize = n;
};
template <class T>
struct Chrono : std::false_type {};
template <class Rep, class Period>
struct Chrono<std::chrono::duration<Rep, Period>> : std::bool_constant<std::is_arithmetic_v<Rep>> {};
template <class Clock, class Duration>
struct Chrono<std::chrono::time_point<Clock, Duration>> : Chrono<Duration> {};

/// A std::complex, told by its looks, since <complex> is a heavy header.
template <class T>
concept ComplexLike = requires(const T& value) {
  typename T::value_type;
  { value.real() } -> std::same_as<typename T::value_type>;
  { value.imag() } -> std::same_as<typename T::value_type>;
} && std::is_floating_point_v<typename T::value_type> && sizeof(T) == 2 * sizeof(typename T::value_type);

/// Types whose bytes are their value, and are not made of other types.
template <class T>
inline constexpr bool kIsScalar = std::is_arithmetic_v<T> || std::is_enum_v<T> || Chrono<T>::value;

template <class T>
consteval bool bitwise();

template <class... Field>
consteval bool all_bitwise(TypeList<Field...>) {
  return (bitwise<Field>() && ...);
}

template <class Given>
consteval bool bitwise() {
  using T = std::remove_cv_t<Given>;
  if constexpr (std::is_reference_v<T> || std::is_array_v<T> || std::is_volatile_v<Given>) {
    return false;
  } else if constexpr (kIsScalar<T>) {
    return UsesPrimaryCodec<T>;
  } else if constexpr (!std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (ComplexLike<T>) {
    return UsesPrimaryCodec<T> && !std::is_same_v<typename T::value_type, long double>;
  } else if constexpr (StdArray<T>::value) {
    return bitwise<typename StdArray<T>::Item>();
  } else if constexpr (std::is_aggregate_v<T> && UsesPrimaryCodec<T>) {
    if constexpr (shape_of<T>() == Shape::fields) {
      return all_bitwise(FieldsOf<T>{});
    } else {
      return false;
    }
  } else {
    return false;
  }
}

template <class T>
consteval bool padded();

template <class T, class... Field>
consteval bool fields_leave_gaps(TypeList<Field...>) {
  return (padded<std::remove_cv_t<Field>>() || ... || false) || (sizeof(Field) + ... + 0) != sizeof(T);
}

/// Whether an object of a bitwise type has bytes that belong to no value.
template <class T>
consteval bool padded() {
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (std::is_same_v<T, long double>) {
    return std::numeric_limits<long double>::digits == 64;  // x87: 10 bytes of 16
  } else if constexpr (Chrono<T>::value) {
    return sizeof(T) == sizeof(long double);  // only a long double is that big
  } else if constexpr (kIsScalar<T> || ComplexLike<T>) {
    return false;
  } else if constexpr (StdArray<T>::value) {
    return StdArray<T>::kSize == 0 || padded<std::remove_cv_t<typename StdArray<T>::Item>>();
  } else {
    return fields_leave_gaps<T>(FieldsOf<T>{});
  }
}

template <class T>
consteval bool holds_bool();

template <class... Field>
consteval bool any_holds_bool(TypeList<Field...>) {
  return (holds_bool<std::remove_cv_t<Field>>() || ... || false);
}

/// Whether some bytes of that size are not a value of the bitwise type.
template <class T>
consteval bool holds_bool() {
  if constexpr (std::is_same_v<T, bool>) {
    return true;
  } else if constexpr (kIsScalar<T> || ComplexLike<T>) {
    return false;
  } else if constexpr (StdArray<T>::value) {
    return holds_bool<std::remove_cv_t<typename StdArray<T>::Item>>();
  } else {
    return any_holds_bool(FieldsOf<T>{});
  }
}

/// Whether T, reached while looking into Within, can be encoded and decoded. Within ends the recursion of types that
/// contain themselves.
template <class T, class... Within>
consteval bool encodable();

template <class... Within, class... Part>
consteval bool all_encodable(TypeList<Part...>) {
  return (encodable<Part, Within...>() && ...);
}

template <class Given, class... Within>
consteval bool encodable() {
  using T = std::remove_cv_t<Given>;
  if constexpr (std::is_reference_v<T> || std::is_array_v<T> || std::is_function_v<T> || std::is_void_v<T> ||
                std::is_volatile_v<Given>) {
    return false;
  } else if constexpr ((std::is_same_v<T, Within> || ...)) {
    return true;
  } else if constexpr (HasParts<T>) {
    return CustomCodec<T> && all_encodable<T, Within...>(typename Codec<T>::Parts{});
  } else if constexpr (!UsesPrimaryCodec<T>) {
    return CustomCodec<T>;
  } else if constexpr (kIsScalar<T> || ComplexLike<T>) {
    return true;
  } else if constexpr (std::is_aggregate_v<T>) {
    if constexpr (shape_of<T>() == Shape::fields) {
      return all_encodable<T, Within...>(FieldsOf<T>{});
    } else {
      return false;
    }
  } else {
    return false;
  }
}

}  // namespace detail

/// Whether the encoding of a T is its object representation: arithmetic types, enums, std::chrono durations and time
/// points, std::complex, and trivially copyable aggregates and std::arrays made only of such. One T is one memcpy, and
/// so is a contiguous range of them. No pointer is ever among them, nor a type with a Codec of its own.
///
/// Padding is written as zeros, so that equal values are equal bytes and no stray memory leaves the process; a bool is
/// checked when it is decoded.
template <class T>
inline constexpr bool is_bitwise_encodable = detail::bitwise<T>();

/// A type that can be encoded and decoded: it can be an argument, a result, an item of a queue.
///
/// Where this is false, `require_encodable<T>()` (codec.hpp) ends the compilation with the reason.
template <class T>
concept Encodable = detail::encodable<T>();

}  // namespace cohort

namespace cohort::detail {

template <class>
inline constexpr bool kNever = false;

/// std::mutex and its like, told by their looks: their headers are not worth including to refuse them.
template <class T>
concept LocalLock = !std::is_copy_constructible_v<T> && requires(T& value) {
  value.lock();
  value.unlock();
};
template <class T>
concept LocalCondition = !std::is_copy_constructible_v<T> && requires(T& value) { value.notify_all(); };
template <class T>
concept LocalThread = !std::is_copy_constructible_v<T> && requires(T& value) {
  value.joinable();
  value.join();
};
template <class T>
concept Atomic = !std::is_copy_constructible_v<T> && requires(const T& value) {
  value.load();
  value.is_lock_free();
};
template <class T>
concept Callable = requires { &T::operator(); };

template <class Culprit>
constexpr void refuse_aggregate() {
  constexpr Shape kShape = shape_of<Culprit>();
  if constexpr (kShape == Shape::union_type) {
    static_assert(kNever<Culprit>,
                  "cohort: a union cannot travel, nobody knows which member is alive: use std::variant");
  } else if constexpr (kShape == Shape::base_class) {
    static_assert(kNever<Culprit>,
                  "cohort: a struct with a base class cannot be taken apart: make the base a member, or specialise "
                  "cohort::Codec for it");
  } else if constexpr (kShape == Shape::array) {
    static_assert(kNever<Culprit>, "cohort: a struct with a C array member cannot be taken apart: use std::array");
  } else if constexpr (kShape == Shape::reference) {
    static_assert(kNever<Culprit>,
                  "cohort: a struct with a reference member cannot travel, what it refers to stays behind: make the "
                  "member a value");
  } else if constexpr (kShape == Shape::too_many) {
    static_assert(kNever<Culprit>,
                  "cohort: a struct with more than 32 fields cannot be taken apart: group fields in structs, or "
                  "specialise cohort::Codec for it");
  } else {
    static_assert(kNever<Culprit>, "cohort: this aggregate cannot be taken apart: specialise cohort::Codec for it");
  }
}

/// Fails to compile, with the reason why Culprit cannot travel.
template <class Culprit>
constexpr void refuse() {
  if constexpr (std::is_reference_v<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a reference cannot travel, what it refers to stays behind: make it a value");
  } else if constexpr (std::is_function_v<std::remove_pointer_t<Culprit>> ||
                       std::is_member_function_pointer_v<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a raw function pointer cannot travel inside a value, its address means nothing elsewhere: "
                  "name the function in the call, as in pool.map<f>(…)");
  } else if constexpr (std::is_pointer_v<Culprit> || std::is_member_pointer_v<Culprit> ||
                       std::is_null_pointer_v<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a raw pointer cannot travel, its address means nothing elsewhere: send the value, a "
                  "std::string, or a std::unique_ptr to the value");
  } else if constexpr (std::is_array_v<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a C array cannot travel: use std::array");
  } else if constexpr (LocalLock<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a mutex of one process means nothing in another: use cohort::Lock, which is shared");
  } else if constexpr (Atomic<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a std::atomic would be copied, not shared: use cohort::Value");
  } else if constexpr (LocalCondition<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a condition variable of one process means nothing in another: use cohort::Condition");
  } else if constexpr (LocalThread<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a thread cannot travel: start it in the process that is to run it");
  } else if constexpr (std::is_abstract_v<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: an abstract class cannot be decoded: send a std::variant of the kinds");
  } else if constexpr (std::is_volatile_v<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a volatile value cannot travel: copy it to a plain one");
  } else if constexpr (std::is_aggregate_v<Culprit>) {
    refuse_aggregate<Culprit>();
  } else if constexpr (Callable<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a lambda with captures, or a std::function, cannot travel: write a struct with operator() "
                  "whose fields are what it captured");
  } else {
    static_assert(kNever<Culprit>,
                  "cohort: the codec does not know this class: make it an aggregate (public fields, no constructor), "
                  "or specialise cohort::Codec for it with static encode and decode");
  }
}

}  // namespace cohort::detail
