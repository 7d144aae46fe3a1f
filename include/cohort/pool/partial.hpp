// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A callable with its arguments, to be called elsewhere: what a pool's initializer is given as.
//
//   cohort::Pool pool({.processes = 4, .initializer = cohort::partial(load_model, "model.bin")});
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/wire/call_refusals.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort {

/// A call whose arguments are encoded already. A plain value that travels. Python: functools.partial.
class Partial {
 public:
  /// Nothing to call.
  Partial() = default;
  /// A callable that takes no arguments, as in `.initializer = load`.
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Partial>)
  Partial(F&& f) : Partial(make(std::forward<F>(f))) {}  // NOLINT(google-explicit-constructor): Python's initializer=f

  /// partial(f, arguments...) makes it.
  template <class F, class... Args>
  [[nodiscard]] static Partial make(F&& f, Args&&... arguments) {
    using Callable = std::decay_t<F>;
    Partial result;
    if constexpr (detail::RequireCall<Callable, Args...>::value) {
      using Call = detail::Invocation<Callable, false, typename detail::CallParameters<Callable, Args...>::Type>;
      result.set(Call::descriptor, [&](Encoder& out) {
        detail::encode_state(out, static_cast<const Callable&>(f));
        Call::encode_arguments(out, typename Call::Stored(std::forward<Args>(arguments)...));
      });
    }
    return result;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return callable_ != CallableId{}; }
  /// Calls it here. Throws what the callable throws, and what resolve_callable() throws.
  COHORT_EXPORT void operator()() const;

 private:
  friend struct Codec<Partial>;
  COHORT_EXPORT void set(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode);

  CallableId callable_{};
  std::string module_;
  std::vector<std::byte> bytes_;
  std::vector<Encoder::Attachment> attachments_;  // keep the shared objects among the arguments
};

template <>
struct Codec<Partial> {
  static void encode(Encoder& out, const Partial& value) {
    Codec<CallableId>::encode(out, value.callable_);
    Codec<std::string>::encode(out, value.module_);
    Codec<std::vector<std::byte>>::encode(out, value.bytes_);
    for (const auto& attachment : value.attachments_) out.attach(attachment);
  }
  static Partial decode(Decoder& in) {
    Partial value;
    value.callable_ = Codec<CallableId>::decode(in);
    value.module_ = Codec<std::string>::decode(in);
    value.bytes_ = Codec<std::vector<std::byte>>::decode(in);
    return value;
  }
};

/// A call of `f` with `arguments`, which are converted and encoded now.
template <class F, class... Args>
[[nodiscard]] Partial partial(F&& f, Args&&... arguments) {
  return Partial::make(std::forward<F>(f), std::forward<Args>(arguments)...);
}

}  // namespace cohort
