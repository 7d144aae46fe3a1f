// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Takes aggregates apart without macros: how many fields a struct has, of which types, and a visit of each.
//
// The number is found by asking how many things T{…} accepts, the fields by a structured binding. What that cannot see
// through is found out beforehand and refused by name: a base class, a C array (whose elements T{…} takes one by one),
// a reference, a union, more than 32 fields. Structured bindings need every count written out, until C++26 lets one
// introduce a pack.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace cohort::detail {

/// The most fields that an aggregate may have.
inline constexpr std::size_t kMaxFields = 32;

template <class... T>
struct TypeList {
  static constexpr std::size_t size = sizeof...(T);
};

/// A field's type. A bit-field is no object, and what is not said of it here would be wrong without a word: naming its
/// address makes the compiler refuse it, by its name.
template <class Declared, class>
using FieldType = Declared;

#define COHORT_FIELDS_1 f1
#define COHORT_TYPES_1 FieldType<decltype(f1), decltype(__builtin_addressof(f1))>
#define COHORT_FIELDS_2 COHORT_FIELDS_1, f2
#define COHORT_TYPES_2 COHORT_TYPES_1, FieldType<decltype(f2), decltype(__builtin_addressof(f2))>
#define COHORT_FIELDS_3 COHORT_FIELDS_2, f3
#define COHORT_TYPES_3 COHORT_TYPES_2, FieldType<decltype(f3), decltype(__builtin_addressof(f3))>
#define COHORT_FIELDS_4 COHORT_FIELDS_3, f4
#define COHORT_TYPES_4 COHORT_TYPES_3, FieldType<decltype(f4), decltype(__builtin_addressof(f4))>
#define COHORT_FIELDS_5 COHORT_FIELDS_4, f5
#define COHORT_TYPES_5 COHORT_TYPES_4, FieldType<decltype(f5), decltype(__builtin_addressof(f5))>
#define COHORT_FIELDS_6 COHORT_FIELDS_5, f6
#define COHORT_TYPES_6 COHORT_TYPES_5, FieldType<decltype(f6), decltype(__builtin_addressof(f6))>
#define COHORT_FIELDS_7 COHORT_FIELDS_6, f7
#define COHORT_TYPES_7 COHORT_TYPES_6, FieldType<decltype(f7), decltype(__builtin_addressof(f7))>
#define COHORT_FIELDS_8 COHORT_FIELDS_7, f8
#define COHORT_TYPES_8 COHORT_TYPES_7, FieldType<decltype(f8), decltype(__builtin_addressof(f8))>
#define COHORT_FIELDS_9 COHORT_FIELDS_8, f9
#define COHORT_TYPES_9 COHORT_TYPES_8, FieldType<decltype(f9), decltype(__builtin_addressof(f9))>
#define COHORT_FIELDS_10 COHORT_FIELDS_9, f10
#define COHORT_TYPES_10 COHORT_TYPES_9, FieldType<decltype(f10), decltype(__builtin_addressof(f10))>
#define COHORT_FIELDS_11 COHORT_FIELDS_10, f11
#define COHORT_TYPES_11 COHORT_TYPES_10, FieldType<decltype(f11), decltype(__builtin_addressof(f11))>
#define COHORT_FIELDS_12 COHORT_FIELDS_11, f12
#define COHORT_TYPES_12 COHORT_TYPES_11, FieldType<decltype(f12), decltype(__builtin_addressof(f12))>
#define COHORT_FIELDS_13 COHORT_FIELDS_12, f13
#define COHORT_TYPES_13 COHORT_TYPES_12, FieldType<decltype(f13), decltype(__builtin_addressof(f13))>
#define COHORT_FIELDS_14 COHORT_FIELDS_13, f14
#define COHORT_TYPES_14 COHORT_TYPES_13, FieldType<decltype(f14), decltype(__builtin_addressof(f14))>
#define COHORT_FIELDS_15 COHORT_FIELDS_14, f15
#define COHORT_TYPES_15 COHORT_TYPES_14, FieldType<decltype(f15), decltype(__builtin_addressof(f15))>
#define COHORT_FIELDS_16 COHORT_FIELDS_15, f16
#define COHORT_TYPES_16 COHORT_TYPES_15, FieldType<decltype(f16), decltype(__builtin_addressof(f16))>
#define COHORT_FIELDS_17 COHORT_FIELDS_16, f17
#define COHORT_TYPES_17 COHORT_TYPES_16, FieldType<decltype(f17), decltype(__builtin_addressof(f17))>
#define COHORT_FIELDS_18 COHORT_FIELDS_17, f18
#define COHORT_TYPES_18 COHORT_TYPES_17, FieldType<decltype(f18), decltype(__builtin_addressof(f18))>
#define COHORT_FIELDS_19 COHORT_FIELDS_18, f19
#define COHORT_TYPES_19 COHORT_TYPES_18, FieldType<decltype(f19), decltype(__builtin_addressof(f19))>
#define COHORT_FIELDS_20 COHORT_FIELDS_19, f20
#define COHORT_TYPES_20 COHORT_TYPES_19, FieldType<decltype(f20), decltype(__builtin_addressof(f20))>
#define COHORT_FIELDS_21 COHORT_FIELDS_20, f21
#define COHORT_TYPES_21 COHORT_TYPES_20, FieldType<decltype(f21), decltype(__builtin_addressof(f21))>
#define COHORT_FIELDS_22 COHORT_FIELDS_21, f22
#define COHORT_TYPES_22 COHORT_TYPES_21, FieldType<decltype(f22), decltype(__builtin_addressof(f22))>
#define COHORT_FIELDS_23 COHORT_FIELDS_22, f23
#define COHORT_TYPES_23 COHORT_TYPES_22, FieldType<decltype(f23), decltype(__builtin_addressof(f23))>
#define COHORT_FIELDS_24 COHORT_FIELDS_23, f24
#define COHORT_TYPES_24 COHORT_TYPES_23, FieldType<decltype(f24), decltype(__builtin_addressof(f24))>
#define COHORT_FIELDS_25 COHORT_FIELDS_24, f25
#define COHORT_TYPES_25 COHORT_TYPES_24, FieldType<decltype(f25), decltype(__builtin_addressof(f25))>
#define COHORT_FIELDS_26 COHORT_FIELDS_25, f26
#define COHORT_TYPES_26 COHORT_TYPES_25, FieldType<decltype(f26), decltype(__builtin_addressof(f26))>
#define COHORT_FIELDS_27 COHORT_FIELDS_26, f27
#define COHORT_TYPES_27 COHORT_TYPES_26, FieldType<decltype(f27), decltype(__builtin_addressof(f27))>
#define COHORT_FIELDS_28 COHORT_FIELDS_27, f28
#define COHORT_TYPES_28 COHORT_TYPES_27, FieldType<decltype(f28), decltype(__builtin_addressof(f28))>
#define COHORT_FIELDS_29 COHORT_FIELDS_28, f29
#define COHORT_TYPES_29 COHORT_TYPES_28, FieldType<decltype(f29), decltype(__builtin_addressof(f29))>
#define COHORT_FIELDS_30 COHORT_FIELDS_29, f30
#define COHORT_TYPES_30 COHORT_TYPES_29, FieldType<decltype(f30), decltype(__builtin_addressof(f30))>
#define COHORT_FIELDS_31 COHORT_FIELDS_30, f31
#define COHORT_TYPES_31 COHORT_TYPES_30, FieldType<decltype(f31), decltype(__builtin_addressof(f31))>
#define COHORT_FIELDS_32 COHORT_FIELDS_31, f32
#define COHORT_TYPES_32 COHORT_TYPES_31, FieldType<decltype(f32), decltype(__builtin_addressof(f32))>

// clang-format off: it never settles on how to break this.
#define COHORT_EACH_COUNT(X)                                                                                      \
  X(1)                                                                                                            \
  X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) \
      X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
// clang-format on

/// Calls `function` with every field of the aggregate, in order of declaration, as modifiable references.
template <std::size_t kCount, class Aggregate, class Function>
constexpr decltype(auto) visit_fields(Aggregate& aggregate, Function&& function) {
  if constexpr (kCount == 0) { return function(); }
#define COHORT_VISIT(n)                    \
  else if constexpr (kCount == n) {        \
    auto& [COHORT_FIELDS_##n] = aggregate; \
    return function(COHORT_FIELDS_##n);    \
  }
  COHORT_EACH_COUNT(COHORT_VISIT)
#undef COHORT_VISIT
}

/// The types of the fields as they were declared (a reference stays one), as a TypeList. Never called.
template <std::size_t kCount, class Aggregate>
auto list_fields(Aggregate& aggregate) {
  if constexpr (kCount == 0) { return TypeList<>{}; }
#define COHORT_LIST(n)                     \
  else if constexpr (kCount == n) {        \
    auto& [COHORT_FIELDS_##n] = aggregate; \
    return TypeList<COHORT_TYPES_##n>{};   \
  }
  COHORT_EACH_COUNT(COHORT_LIST)
#undef COHORT_LIST
}

#undef COHORT_EACH_COUNT
#undef COHORT_FIELDS_1
#undef COHORT_TYPES_1
#undef COHORT_FIELDS_2
#undef COHORT_TYPES_2
#undef COHORT_FIELDS_3
#undef COHORT_TYPES_3
#undef COHORT_FIELDS_4
#undef COHORT_TYPES_4
#undef COHORT_FIELDS_5
#undef COHORT_TYPES_5
#undef COHORT_FIELDS_6
#undef COHORT_TYPES_6
#undef COHORT_FIELDS_7
#undef COHORT_TYPES_7
#undef COHORT_FIELDS_8
#undef COHORT_TYPES_8
#undef COHORT_FIELDS_9
#undef COHORT_TYPES_9
#undef COHORT_FIELDS_10
#undef COHORT_TYPES_10
#undef COHORT_FIELDS_11
#undef COHORT_TYPES_11
#undef COHORT_FIELDS_12
#undef COHORT_TYPES_12
#undef COHORT_FIELDS_13
#undef COHORT_TYPES_13
#undef COHORT_FIELDS_14
#undef COHORT_TYPES_14
#undef COHORT_FIELDS_15
#undef COHORT_TYPES_15
#undef COHORT_FIELDS_16
#undef COHORT_TYPES_16
#undef COHORT_FIELDS_17
#undef COHORT_TYPES_17
#undef COHORT_FIELDS_18
#undef COHORT_TYPES_18
#undef COHORT_FIELDS_19
#undef COHORT_TYPES_19
#undef COHORT_FIELDS_20
#undef COHORT_TYPES_20
#undef COHORT_FIELDS_21
#undef COHORT_TYPES_21
#undef COHORT_FIELDS_22
#undef COHORT_TYPES_22
#undef COHORT_FIELDS_23
#undef COHORT_TYPES_23
#undef COHORT_FIELDS_24
#undef COHORT_TYPES_24
#undef COHORT_FIELDS_25
#undef COHORT_TYPES_25
#undef COHORT_FIELDS_26
#undef COHORT_TYPES_26
#undef COHORT_FIELDS_27
#undef COHORT_TYPES_27
#undef COHORT_FIELDS_28
#undef COHORT_TYPES_28
#undef COHORT_FIELDS_29
#undef COHORT_TYPES_29
#undef COHORT_FIELDS_30
#undef COHORT_TYPES_30
#undef COHORT_FIELDS_31
#undef COHORT_TYPES_31
#undef COHORT_FIELDS_32
#undef COHORT_TYPES_32

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
