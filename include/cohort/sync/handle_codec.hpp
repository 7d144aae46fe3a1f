// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How handles of shared objects travel: by the object's name, and with a reference that keeps the object on its way.
//
// A handle class takes part by deriving from SharedHandle and having
//   static constexpr detail::ObjectKind kKind
//   explicit Handle(const detail::HandleName& name)      which calls SharedHandle(kKind, name)
// Null handles do not travel: EncodeError.
#pragma once

#include <concepts>

#include "cohort/object/shared_handle.hpp"

namespace cohort {

// Only declared: who encodes a handle has cohort/wire/codec.hpp, and who only uses one need not compile it.
class Encoder;
class Decoder;
template <class T>
struct Codec;

namespace detail {

template <class H>
concept TravellingHandle = std::derived_from<H, SharedHandle> && std::constructible_from<H, const HandleName&> &&
                           requires { requires std::same_as<const ObjectKind, decltype(H::kKind)>; };

COHORT_EXPORT void encode_handle(Encoder& out, const SharedHandle& handle);
[[nodiscard]] COHORT_EXPORT HandleName decode_handle_name(Decoder& in);

}  // namespace detail

template <detail::TravellingHandle H>
struct Codec<H> {
  static void encode(Encoder& out, const H& handle) { detail::encode_handle(out, handle); }
  static H decode(Decoder& in) { return H(detail::decode_handle_name(in)); }
};

}  // namespace cohort
