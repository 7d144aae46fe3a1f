// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Callables that travel: what a worker may be told to call.
//
// A callable is named in the source where it is handed to Process or Pool. Naming it makes a static descriptor, which
// registers itself before main() runs. What travels to another process is the descriptor's place, counted from the
// start of its module, the module's build-id, and a hash of the signature; never an address. The receiver looks the
// place up among its own descriptors, so nothing can be called that the program did not itself name.
//
// Four forms are callable:
//   cohort::fn<square>             a function, static or member, known at compile time; it inlines
//   [](int x) { return x * x; }    a lambda without captures, or any empty function object
//   Scale{2.5}                     a function object whose members the codec can carry
//   square                         a plain function pointer: it travels from parent to child of one program only, and
//                                  the receiver checks that it points into the text of the module it names
//
// Python: a function is pickled by its module and name. Here names are no identity (two translation units may both have
// a static `work`), hence the place.
// Threads: descriptors are made before main() or by dlopen; look-ups may run in any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/base/one_process.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/decoder.hpp"
#include "cohort/wire/encoder.hpp"

namespace cohort {

/// A function known at compile time, as an object: `pool.map(cohort::fn<square>, values)`.
template <auto F>
struct Function {
  template <class... Args>
  constexpr decltype(auto) operator()(Args&&... args) const {
    return std::invoke(F, std::forward<Args>(args)...);
  }
};
template <auto F>
inline constexpr Function<F> fn{};

/// The name of a callable in another process of the same program.
struct CallableId {
  std::array<std::byte, 16> module{};  ///< build-id of the module that holds the descriptor
  std::uint64_t offset = 0;            ///< of the descriptor from the module's load address
  std::uint64_t signature = 0;         ///< hash of the callable's type, arguments and result

  friend bool operator==(const CallableId&, const CallableId&) = default;
};

/// One way to call one callable. Static; made by naming the callable, never by hand.
class COHORT_EXPORT CallableDescriptor {
 public:
  /// Decodes the callable's state and the arguments, calls, and encodes the result.
  using Call = void (*)(Decoder& in, Encoder& out);
  /// Applies the callable, whose state is decoded first, to `count` values at `input` and puts the results at `output`.
  using CallRange = void (*)(Decoder& state, const std::byte* input, std::byte* output, std::size_t count);

  /// @param type  the whole type of the invocation, whose hash is the signature
  /// @param name  the callable, for people
  CallableDescriptor(Call function, std::string_view type, std::string_view name) noexcept;
  CallableDescriptor(CallRange function, std::string_view type, std::string_view name) noexcept;
  CallableDescriptor(const CallableDescriptor&) = delete;
  CallableDescriptor& operator=(const CallableDescriptor&) = delete;
  /// Takes the entry out again when its module is unloaded.
  ~CallableDescriptor();

  /// nullptr when the descriptor is of the other kind.
  [[nodiscard]] Call call() const noexcept { return call_; }
  [[nodiscard]] CallRange call_range() const noexcept { return call_range_; }
  /// How the compiler spells the type; for messages only.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t signature() const noexcept { return signature_; }
  /// The name that travels. Takes a look at the module list the first time.
  [[nodiscard]] CallableId id() const;

 private:
  friend struct CallableRegistry;
  Call call_ = nullptr;
  CallRange call_range_ = nullptr;
  std::string_view name_;
  std::uint64_t signature_ = 0;
  CallableDescriptor* next_ = nullptr;
};

/// The descriptor that `id` names in this process. Throws DecodeError when the program made no such callable, and
/// IncompatibleError when the module is another build or is not loaded.
[[nodiscard]] COHORT_EXPORT const CallableDescriptor& resolve_callable(const CallableId& id);

/// The file of the module that holds `id`, empty for the program itself; so that a child can load a plug-in.
[[nodiscard]] COHORT_EXPORT std::string callable_module_path(const CallableId& id);
/// Loads the module at `path` and checks that it is the build that `id` names; no effect when it is loaded already.
COHORT_EXPORT void load_callable_module(const CallableId& id, const std::string& path);

namespace detail {

/// Builds the tables that look-ups use, so that forked children inherit them.
COHORT_EXPORT void prepare_callables();

using AnyFunction = void (*)();
/// A plain function pointer as (build-id, offset from its module).
COHORT_EXPORT void encode_function(Encoder& out, AnyFunction function);
/// The pointer back; throws DecodeError when it does not point into the text of that module.
[[nodiscard]] COHORT_EXPORT AnyFunction decode_function(Decoder& in);

// NAME out of the text of a function: "… [with T = NAME; …]" (GCC) or "… [T = NAME]" (clang).
constexpr std::string_view type_within(std::string_view text) {
  std::size_t begin = text.find("T = ");
  if (begin == std::string_view::npos) return text;
  text.remove_prefix(begin + 4);
  std::size_t end = text.rfind("; std::string_view");
  if (end == std::string_view::npos) end = text.rfind(']');
  return text.substr(0, end);
}
template <class T>
constexpr std::string_view type_name() {
  return type_within(__PRETTY_FUNCTION__);
}

// "square" for fn<square>; else the type.
constexpr std::string_view function_within(std::string_view name) {
  constexpr std::string_view kFunction = "cohort::Function<";
  if (!name.starts_with(kFunction)) return name;
  name.remove_prefix(kFunction.size());
  name.remove_suffix(1);
  if (name.starts_with('&')) name.remove_prefix(1);
  return name;
}
template <class F>
constexpr std::string_view callable_name() {
  return function_within(type_name<F>());
}

// What a parameter is kept as between being given and being passed: views become owners.
template <class T>
struct Stored {
  using Type = std::decay_t<T>;
};
template <>
struct Stored<const char*> {
  using Type = std::string;
};
template <>
struct Stored<std::string_view> {
  using Type = std::string;
};
template <class T, std::size_t N>
struct Stored<std::span<T, N>> {
  using Type = std::vector<std::remove_cv_t<T>>;
};
template <class T>
using StoredType = typename Stored<std::decay_t<T>>::Type;

// Hands a kept argument to a parameter of type P.
template <class P, class S>
decltype(auto) pass_argument(S& stored) {
  using D = std::decay_t<P>;
  if constexpr (std::is_same_v<D, const char*>)
    return static_cast<const char*>(stored.c_str());
  else if constexpr (!std::is_same_v<D, S>)
    return D(stored);
  else if constexpr (std::is_lvalue_reference_v<P>)
    return static_cast<S&>(stored);
  else
    return std::move(stored);
}

template <class... P>
struct ParameterList {};

// The parameters of a callable with one signature; `void` for overloaded and generic ones.
template <class F>
struct SignatureOf {
  using Parameters = void;
};
template <class R, class... P>
struct SignatureOf<R (*)(P...)> {
  using Parameters = ParameterList<P...>;
};
template <class R, class... P>
struct SignatureOf<R (*)(P...) noexcept> : SignatureOf<R (*)(P...)> {};
#define COHORT_MEMBER_SIGNATURE(qualifier)       \
  template <class C, class R, class... P>        \
  struct SignatureOf<R (C::*)(P...) qualifier> { \
    using Parameters = ParameterList<P...>;      \
    using WithObject = ParameterList<C, P...>;   \
  }
COHORT_MEMBER_SIGNATURE();
COHORT_MEMBER_SIGNATURE(const);
COHORT_MEMBER_SIGNATURE(noexcept);
COHORT_MEMBER_SIGNATURE(const noexcept);
#undef COHORT_MEMBER_SIGNATURE

template <class F>
struct ParametersOf {
  using Type = typename SignatureOf<F>::Parameters;
};
template <class F>
  requires requires { &F::operator(); }
struct ParametersOf<F> {
  using Type = typename SignatureOf<decltype(&F::operator())>::Parameters;
};
template <auto F>
struct ParametersOf<Function<F>> {
  using Type = typename SignatureOf<std::decay_t<decltype(F)>>::Parameters;
};
template <auto F>
  requires std::is_member_function_pointer_v<decltype(F)>
struct ParametersOf<Function<F>> {
  using Type = typename SignatureOf<decltype(F)>::WithObject;
};

// The parameter types that a call with `Given` arguments has: those of the callable, or, where it is generic, the given
// ones.
template <class F, class... Given>
struct CallParameters {
  using Type = std::conditional_t<std::is_void_v<typename ParametersOf<F>::Type>, ParameterList<std::decay_t<Given>...>,
                                  typename ParametersOf<F>::Type>;
};

template <class F>
inline constexpr bool is_function_pointer = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

// A lambda with captures, or an object whose members the codec cannot carry.
template <class F>
inline constexpr bool has_opaque_state = !is_function_pointer<F> && !std::is_empty_v<F> && !Encodable<F>;

/// Refuses at compile time what cannot travel, and says what to write instead.
template <class F>
struct RequireTravelling {
  static_assert(!std::is_member_pointer_v<F>,
                "cohort: a pointer to member cannot travel to another process; write cohort::fn<&Type::member>");
  static_assert(
      std::is_member_pointer_v<F> || !has_opaque_state<F>,
      "cohort: this callable captures variables, which cannot travel to another process; pass them as arguments "
      "instead: Process([](int n) { ... }, n), or use ForkProcess, which inherits memory");
  static_assert(!std::is_empty_v<F> || std::is_default_constructible_v<F>,
                "cohort: this lambda captures nothing but says [&] or [=]; write [] instead");
  static constexpr bool value = true;
};

template <class F>
void encode_state(Encoder& out, const F& f) {
  if constexpr (is_function_pointer<F>)
    encode_function(out, reinterpret_cast<AnyFunction>(f));
  else if constexpr (!std::is_empty_v<F>)
    Codec<F>::encode(out, f);
}

template <class F>
F decode_state(Decoder& in) {
  if constexpr (is_function_pointer<F>)
    return reinterpret_cast<F>(decode_function(in));
  else if constexpr (std::is_empty_v<F>)
    return F{};
  else
    return Codec<F>::decode(in);
}

template <class F, bool KeepResult, class Parameters>
struct Invocation;

/// Calls an F with parameters P...; KeepResult false drops what it returns.
template <class F, bool KeepResult, class... P>
struct Invocation<F, KeepResult, ParameterList<P...>> {
  using Stored = std::tuple<StoredType<P>...>;
  using Result = std::invoke_result_t<F&, P...>;

  static void encode_arguments(Encoder& out, const Stored& arguments) {
    std::apply([&](const auto&... argument) { (Codec<std::decay_t<decltype(argument)>>::encode(out, argument), ...); },
               arguments);
  }

  static decltype(auto) apply(F& f, Stored& arguments) {
    return std::apply(
        [&](auto&... argument) -> decltype(auto) { return std::invoke(f, pass_argument<P>(argument)...); }, arguments);
  }

  static void call(Decoder& in, Encoder& out) {
    const OneProcess here;
    F f = decode_state<F>(in);
    Stored arguments = decode_arguments(in);
    here.go_on();
    apply_and_encode(here, f, arguments, out);
  }

  // All that is left.
  static Stored decode_arguments(Decoder& in) {
    // Braces: the arguments are decoded from left to right.
    Stored arguments{Codec<StoredType<P>>::decode(in)...};
    in.expect_end();
    return arguments;
  }

  static void apply_and_encode(const OneProcess& here, F& f, Stored& arguments, Encoder& out) {
    if constexpr (!KeepResult || std::is_void_v<Result>) {
      apply(f, arguments);
      here.go_on();
    } else {
      decltype(auto) result = apply(f, arguments);
      here.go_on();
      Codec<std::decay_t<Result>>::encode(out, result);
    }
  }

  static inline CallableDescriptor descriptor{static_cast<CallableDescriptor::Call>(&call), type_name<Invocation>(),
                                              callable_name<F>()};
};

}  // namespace detail

}  // namespace cohort
