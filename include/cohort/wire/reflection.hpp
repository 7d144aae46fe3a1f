// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Takes aggregates apart without macros: how many fields a struct has, of which types, and a visit of each.
//
// The number is found by asking how many things T{…} accepts, the fields by a structured binding. What that cannot see
// through is found out beforehand and refused by name: a base class, a C array (whose elements T{…} takes one by one),
// a reference, a union, more than 32 fields.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "cohort/wire/reflection_fields.hpp"

namespace cohort::detail {

/// Converts to whatever a field of T wants, but not to T itself: T{T} is a copy, not an initialised field.
/// None of these conversions ever runs; they have bodies since Clang asks for one where U has no linkage.
template <class T>
struct AnyField {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U() const noexcept {  // NOLINT(google-explicit-constructor): it stands for a conversion
    __builtin_unreachable();
  }
};
/// The same, and binds to reference fields too.
template <class T>
struct AnyReference {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U&() const noexcept {  // NOLINT(google-explicit-constructor): it stands for a conversion
    __builtin_unreachable();
  }
};
template <class T>
struct AnyBase {
  template <class U>
    requires(!std::is_same_v<U, T> && std::is_base_of_v<U, T>)
  operator U() const noexcept {  // NOLINT(google-explicit-constructor): it stands for a conversion
    __builtin_unreachable();
  }
};

template <class Probe, std::size_t>
using Repeat = Probe;

template <class T, class Probe, std::size_t... i>
consteval bool accepts(std::index_sequence<i...>) {
  return requires { T{Repeat<Probe, i>{}...}; };
}

/// T{before…, {inner…}, after…}
template <class T, std::size_t... before, std::size_t... inner, std::size_t... after>
consteval bool accepts_braced(std::index_sequence<before...>, std::index_sequence<inner...>,
                              std::index_sequence<after...>) {
  return requires {
    T{Repeat<AnyField<T>, before>{}..., {Repeat<AnyField<T>, inner>{}...}, Repeat<AnyField<T>, after>{}...};
  };
}

inline constexpr std::size_t kNoCount = static_cast<std::size_t>(-1);

/// The largest number, up to one more than is supported, of initialisers that T{…} takes; kNoCount when there is none.
template <class T, class Probe, std::size_t kTry = kMaxFields + 1>
consteval std::size_t count_initialisers() {
  if constexpr (accepts<T, Probe>(std::make_index_sequence<kTry>{})) {
    return kTry;
  } else if constexpr (kTry == 0) {
    return kNoCount;
  } else {
    return count_initialisers<T, Probe, kTry - 1>();
  }
}

/// Whether braces around `kInner` initialisers at position `kAt` use up that many of the flat ones: then a C array
/// stands there. A class in the same place counts as one initialiser, braces or not.
template <class T, std::size_t kTotal, std::size_t kAt, std::size_t kInner>
consteval bool has_array_of() {
  if constexpr (kInner < 2) {
    return false;
  } else if constexpr (accepts_braced<T>(std::make_index_sequence<kAt>{}, std::make_index_sequence<kInner>{},
                                         std::make_index_sequence<kTotal - kAt - kInner>{}) &&
                       !accepts_braced<T>(std::make_index_sequence<kAt>{}, std::make_index_sequence<kInner>{},
                                          std::make_index_sequence<kTotal - kAt - kInner + 1>{})) {
    return true;
  } else {
    return has_array_of<T, kTotal, kAt, kInner - 1>();
  }
}

template <class T, std::size_t kTotal, std::size_t kAt = 0>
consteval bool has_array() {
  if constexpr (kAt >= kTotal) {
    return false;
  } else if constexpr (accepts_braced<T>(std::make_index_sequence<kAt>{}, std::index_sequence<>{},
                                         std::make_index_sequence<kTotal - kAt - 1>{})) {
    // The quick way out for most fields: {} stands for one initialiser, so this is no array of two or more.
    return has_array<T, kTotal, kAt + 1>();
  } else {
    return has_array_of<T, kTotal, kAt, kTotal - kAt>() || has_array<T, kTotal, kAt + 1>();
  }
}

template <class T, std::size_t kTotal>
consteval bool has_base() {
  if constexpr (std::is_final_v<T> && std::is_empty_v<T>) {
    return false;
  } else if constexpr (kTotal == 0) {
    return false;
  } else {
    return []<std::size_t... i>(std::index_sequence<i...>) {
      return requires { T{AnyBase<T>{}, Repeat<AnyField<T>, i>{}...}; };
    }(std::make_index_sequence<kTotal - 1>{});
  }
}

/// Whether an aggregate can be taken apart, and if not, why.
enum class Shape { fields, union_type, base_class, array, reference, too_many, opaque };

template <class T>
consteval Shape shape_of() {
  if constexpr (std::is_union_v<T>) {
    return Shape::union_type;
  } else {
    constexpr std::size_t kCount = count_initialisers<T, AnyField<T>>();
    if constexpr (kCount == kNoCount) {
      return count_initialisers<T, AnyReference<T>>() != kNoCount ? Shape::reference : Shape::opaque;
    } else if constexpr (has_base<T, kCount>()) {
      return Shape::base_class;
    } else if constexpr (has_array<T, kCount>()) {
      return Shape::array;
    } else if constexpr (kCount > kMaxFields) {
      return Shape::too_many;
    } else {
      return Shape::fields;
    }
  }
}

/// The fields of an aggregate whose shape is Shape::fields.
template <class T>
inline constexpr std::size_t kFieldCount = count_initialisers<T, AnyField<T>>();
template <class T>
using FieldsOf = decltype(list_fields<kFieldCount<T>>(std::declval<T&>()));

/// Calls function(field…) with a reference to each field. The function must not write: `const` is looked through, so
/// that one set of bindings serves both.
template <class T, class Function>
constexpr decltype(auto) with_fields(const T& aggregate, Function&& function) {
  return visit_fields<kFieldCount<T>>(const_cast<T&>(aggregate), std::forward<Function>(function));
}

}  // namespace cohort::detail
