// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which types may live in shared memory, and the sentences with which the compiler refuses the others.
//
// A type may when its bytes are its value in every process: numbers, enums, durations, and trivially copyable structs and
// arrays of such. Pointers and references may not, whatever they are hidden in: an address means nothing elsewhere.
//
//   struct Particle { double x, y; std::array<char, 16> tag; };     // may, without a word more
//
// A class that cannot be looked into (it has a constructor, a base, or C arrays) may when its author says so:
//
//   template <> inline constexpr bool cohort::may_be_shared<Matrix> = true;    // I promise: no pointers in it
//
// Python: the types of ctypes, chosen by hand, with the same rule for pointers but nobody who checks it.
#pragma once

#include <type_traits>

#include "cohort/wire/codec_traits.hpp"

namespace cohort {

/// An author's promise that a trivially copyable class holds nothing that is bound to one process.
template <class T>
inline constexpr bool may_be_shared = false;  // NOLINT(readability-identifier-naming): as std::ranges::enable_view

namespace detail {

template <class T>
consteval bool shareable();

template <class... Field>
consteval bool all_shareable(TypeList<Field...>) {
  return (shareable<Field>() && ...);
}

template <class T>
consteval bool shareable() {
  if constexpr (std::is_reference_v<T> || std::is_const_v<T> || std::is_volatile_v<T> || std::is_void_v<T> ||
                std::is_array_v<T>) {
    return false;
  } else if constexpr (!std::is_trivially_copyable_v<T> || !std::is_trivially_destructible_v<T>) {
    return false;
  } else if constexpr (may_be_shared<T> || kIsScalar<T> || ComplexLike<T>) {
    return true;
  } else if constexpr (StdArray<T>::value) {
    return shareable<typename StdArray<T>::Item>();
  } else if constexpr (std::is_aggregate_v<T>) {
    if constexpr (shape_of<T>() == Shape::fields) {
      return all_shareable(FieldsOf<T>{});
    } else {
      return false;
    }
  } else {
    return false;
  }
}

template <class Culprit>
constexpr void refuse_shared();

template <class... Field>
constexpr void refuse_shared_fields(TypeList<Field...>) {
  ((shareable<Field>() ? void() : refuse_shared<Field>()), ...);
}

/// Fails to compile, with the reason why Culprit may not live in shared memory.
template <class Culprit>
constexpr void refuse_shared() {
  if constexpr (shareable<Culprit>()) {
    // One of several fields, and not the bad one.
  } else if constexpr (std::is_reference_v<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a reference may not live in shared memory, other processes have nothing at that address: "
                  "make it a value");
  } else if constexpr (std::is_pointer_v<Culprit> || std::is_member_pointer_v<Culprit> ||
                       std::is_null_pointer_v<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a pointer may not live in shared memory, other processes have nothing at that address: "
                  "store an index");
  } else if constexpr (std::is_const_v<Culprit> || std::is_volatile_v<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a shared value is written: leave const and volatile away");
  } else if constexpr (std::is_array_v<Culprit>) {
    static_assert(kNever<Culprit>, "cohort: a C array is no value that can be loaded and stored: use std::array");
  } else if constexpr (Atomic<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a Value is atomic by itself: write Value<int>, not Value<std::atomic<int>>");
  } else if constexpr (LocalLock<Culprit> || LocalCondition<Culprit>) {
    static_assert(kNever<Culprit>,
                  "cohort: a mutex of one process means nothing in another: use cohort::Lock, beside the value");
  } else if constexpr (!std::is_trivially_copyable_v<Culprit> || !std::is_trivially_destructible_v<Culprit>) {
    static_assert(
        kNever<Culprit>,
        "cohort: what lives in shared memory is copied as bytes, and this type may not be (it owns memory, or "
        "has its own copy constructor): use fixed-size members such as std::array<char, 32>, or a Queue");
  } else if constexpr (StdArray<Culprit>::value) {
    refuse_shared<typename StdArray<Culprit>::Item>();
  } else if constexpr (std::is_aggregate_v<Culprit> && !std::is_union_v<Culprit>) {
    if constexpr (shape_of<Culprit>() == Shape::fields) {
      refuse_shared_fields(FieldsOf<Culprit>{});
    } else {
      static_assert(kNever<Culprit>,
                    "cohort: this struct cannot be searched for pointers (it has a base class, a C array, or more than "
                    "32 fields): use std::array, or promise that it holds none by "
                    "`template <> inline constexpr bool cohort::may_be_shared<T> = true;`");
    }
  } else {
    static_assert(kNever<Culprit>,
                  "cohort: this class cannot be searched for pointers: make it an aggregate, or promise that it holds "
                  "none by `template <> inline constexpr bool cohort::may_be_shared<T> = true;`");
  }
}

template <class T>
consteval bool require_shareable() {
  if constexpr (!shareable<T>()) refuse_shared<T>();
  return shareable<T>();
}

}  // namespace detail

/// A type that may live in shared memory.
template <class T>
concept Shareable = detail::shareable<T>();

}  // namespace cohort
