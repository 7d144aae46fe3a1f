// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The sentences with which the compiler refuses a call that cannot be made in another process: a wrong number of
// arguments, one that does not convert, a parameter that would change a copy. As strict as std::thread, before anything
// of the call is instantiated, so that the first line is ours and few follow. tests/compile_fail holds every one of
// them.
//
//   RequireCall<F, Given...>::value   refuses with a static_assert, and is then false: nothing more is instantiated
#pragma once

#include <cstddef>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cohort/wire/callable.hpp"

namespace cohort::detail {

/// What is wrong with a call; the first that is found.
enum class CallFault {
  none,
  told,  // RequireTravelling says it
  not_callable,
  count,
  reference,
  conversion,
  not_invocable,
};

/// A parameter that changes what the caller gave, as std::vector<int>& does.
template <class P>
inline constexpr bool is_changed_in_place =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;

/// `Given` becomes a P without a cast, as in a call. (A std::string_view is kept as a std::string, which it does not
/// become by itself.)
template <class P, class Given>
inline constexpr bool converts_to_parameter =
    std::is_constructible_v<StoredType<P>, Given> &&
    (std::is_convertible_v<Given, StoredType<P>> || std::is_convertible_v<Given, std::decay_t<P>>);

template <class... Given, class... P>
consteval CallFault arguments_fault(ParameterList<P...>) {
  if constexpr (sizeof...(P) != sizeof...(Given))
    return CallFault::count;
  else if constexpr ((is_changed_in_place<P> || ...))
    return CallFault::reference;
  else if constexpr (!(converts_to_parameter<P, Given> && ...))
    return CallFault::conversion;
  else
    return CallFault::none;
}

template <class F, class... Given>
consteval CallFault call_fault() {
  using Parameters = typename ParametersOf<F>::Type;
  if constexpr (std::is_member_pointer_v<F>)
    return CallFault::told;
  else if constexpr (!is_function_pointer<F> && !std::is_class_v<F>)
    return CallFault::not_callable;
  else if constexpr (!std::is_void_v<Parameters>)
    return arguments_fault<Given...>(Parameters{});
  else if constexpr (!std::is_invocable_v<F&, std::decay_t<Given>...>)
    return CallFault::not_invocable;
  else
    return CallFault::none;
}

/// The sentences, one for each fault. In a function, since a class in which an assertion fails is not usable for Clang
/// afterwards.
template <CallFault fault>
constexpr bool has_no_fault() {
  static_assert(fault != CallFault::not_callable,
                "cohort: this is not something to call: the function comes first, then its arguments");
  static_assert(fault != CallFault::count,
                "cohort: wrong number of arguments: give one for each parameter of the function, after the function");
  static_assert(fault != CallFault::reference,
                "cohort: a parameter T& would only change a copy in the other process: take T or const T&, and return "
                "the result or share it (cohort::Value, Array, Queue)");
  static_assert(fault != CallFault::conversion,
                "cohort: an argument does not convert to the parameter of the function that it is for");
  static_assert(fault != CallFault::not_invocable,
                "cohort: this object cannot be called with these arguments; they are given to it as values, not "
                "references");
  return fault == CallFault::none;
}

// The codec's own sentences, for the first type that cannot travel.
template <class First, class... Others>
constexpr bool all_travel() {
  if constexpr (!Encodable<First>) {
    if constexpr (UsesPrimaryCodec<First> || HasParts<First> || Refused<First>)
      static_cast<void>(&Codec<First>::encode);  // without decode, which would say it all again
    else
      require_encodable<First>();
    return false;
  } else if constexpr (sizeof...(Others) != 0) {
    return all_travel<Others...>();
  } else {
    return true;
  }
}

template <class... P>
constexpr bool parameters_travel(ParameterList<P...>) {
  if constexpr (sizeof...(P) != 0) return all_travel<StoredType<P>...>();
  return true;
}

/// Refuses at compile time a call of F with `Given` arguments that cannot travel; `value` is then false.
template <class F, class... Given>
struct RequireCall {
  static constexpr bool check() {
    if constexpr (std::is_member_pointer_v<F> || (std::is_class_v<F> && has_opaque_state<F>) ||
                  (std::is_empty_v<F> && !std::is_default_constructible_v<F>)) {
      static_cast<void>(sizeof(RequireTravelling<F>));
      return false;
    } else if constexpr (constexpr CallFault kFault = call_fault<F, Given...>(); kFault != CallFault::none)
      return has_no_fault<kFault>();
    else
      return parameters_travel(typename CallParameters<F, Given...>::Type{});
  }
  static constexpr bool value = check();
};

/// RequireCall for a call whose result is wanted.
template <class F, class... Given>
struct RequireAnswer {
  static constexpr bool check() {
    if constexpr (!RequireCall<F, Given...>::value) {
      return false;
    } else {
      using Call = Invocation<F, true, typename CallParameters<F, Given...>::Type>;
      using Result = std::decay_t<typename Call::Result>;
      if constexpr (std::is_void_v<Result>)
        return true;
      else
        return all_travel<Result>();
    }
  }
  static constexpr bool value = check();
};

/// The callable of a forked process: memory is inherited, so nothing needs to travel, but it works on copies.
template <class F, class... Given>
consteval CallFault inherited_call_fault() {
  if constexpr (std::is_invocable_v<F&, std::decay_t<Given>...>) {
    return CallFault::none;
  } else {
    constexpr CallFault fault = call_fault<F, Given...>();
    return fault == CallFault::none || fault == CallFault::told ? CallFault::not_invocable : fault;
  }
}

/// Stands for the result of a call that was refused, so that no second error follows about what is done with it.
struct RefusedResult {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): `int n = pool.apply(…)` was refused already
  template <class... Arguments>
  RefusedResult get(const Arguments&...) const;
  RefusedResult* begin() const;
  RefusedResult* end() const;
};

}  // namespace cohort::detail
