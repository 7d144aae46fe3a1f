// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a Process runs, type-erased: the thin part of Process that must be a template.
#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cohort/base/export.hpp"
#include "cohort/wire/call_refusals.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort::detail {

/// The work of a process that has not started.
class COHORT_EXPORT ProcessBody {
 public:
  ProcessBody() = default;
  ProcessBody(const ProcessBody&) = delete;
  ProcessBody& operator=(const ProcessBody&) = delete;
  virtual ~ProcessBody();
  /// Runs it here: the child of a fork.
  virtual void run() = 0;
  /// How another process runs it; nullptr when only a forked copy can.
  [[nodiscard]] virtual const CallableDescriptor* descriptor() const noexcept = 0;
  /// State and arguments for the descriptor.
  virtual void encode(Encoder& out) const = 0;
};

template <class T>
concept HasRun = std::is_class_v<T> && requires(T& t) { t.run(); };

/// Calls run() of an object; the callable behind Process(Job{7}).
struct RunMember {
  template <class T>
  void operator()(T&& object) const {
    object.run();
  }
};

template <class F, class Parameters>
class TravellingBody;

template <class F, class... P>
class TravellingBody<F, ParameterList<P...>> final : public ProcessBody {
  using Call = Invocation<F, false, ParameterList<P...>>;

 public:
  template <class Callable, class... Args>
  explicit TravellingBody(Callable&& f, Args&&... arguments)
      : f_(std::forward<Callable>(f)), arguments_(std::forward<Args>(arguments)...) {}

  void run() override { Call::apply(f_, arguments_); }
  [[nodiscard]] const CallableDescriptor* descriptor() const noexcept override { return &Call::descriptor; }
  void encode(Encoder& out) const override {
    encode_state(out, f_);
    Call::encode_arguments(out, arguments_);
  }

 private:
  F f_;
  typename Call::Stored arguments_;
};

/// Stands for what was refused; nobody defines it.
std::unique_ptr<ProcessBody> refused_body();

template <class F, class... Args>
std::unique_ptr<ProcessBody> make_travelling_body(F&& f, Args&&... arguments) {
  using Callable = std::decay_t<F>;
  if constexpr (HasRun<Callable> && sizeof...(Args) == 0) {
    using Body = TravellingBody<RunMember, ParameterList<Callable>>;
    if constexpr (all_travel<Callable>())
      return std::make_unique<Body>(RunMember{}, std::forward<F>(f));
    else
      return refused_body();
  } else if constexpr (RequireCall<Callable, Args...>::value) {
    using Body = TravellingBody<Callable, typename CallParameters<Callable, Args...>::Type>;
    return std::make_unique<Body>(std::forward<F>(f), std::forward<Args>(arguments)...);
  } else {
    return refused_body();
  }
}

template <class F, class... Args>
class InheritedBody final : public ProcessBody {
 public:
  template <class Callable, class... Given>
  explicit InheritedBody(Callable&& f, Given&&... arguments)
      : f_(std::forward<Callable>(f)), arguments_(std::forward<Given>(arguments)...) {}

  void run() override {
    if constexpr (HasRun<F> && sizeof...(Args) == 0)
      f_.run();
    else
      std::apply([this](Args&... argument) { std::invoke(f_, std::move(argument)...); }, arguments_);  // it runs once
  }
  [[nodiscard]] const CallableDescriptor* descriptor() const noexcept override { return nullptr; }
  void encode(Encoder&) const override {}

 private:
  F f_;
  std::tuple<Args...> arguments_;
};

template <class F, class... Args>
std::unique_ptr<ProcessBody> make_inherited_body(F&& f, Args&&... arguments) {
  using Callable = std::decay_t<F>;
  using Body = InheritedBody<Callable, std::decay_t<Args>...>;
  constexpr bool kRuns = HasRun<Callable> && sizeof...(Args) == 0;
  constexpr CallFault kFault = kRuns ? CallFault::none : inherited_call_fault<Callable, Args...>();
  if constexpr (has_no_fault<kFault>())
    return std::make_unique<Body>(std::forward<F>(f), std::forward<Args>(arguments)...);
  else
    return refused_body();
}

}  // namespace cohort::detail
