// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The sentences with which the compiler refuses what cannot travel. Each says what to write instead; the type is in
// the lines around it ("with Culprit = …"). tests/compile_fail holds every one of them.
#pragma once

#include <type_traits>

#include "cohort/wire/codec_traits.hpp"

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
