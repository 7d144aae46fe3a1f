// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A start method as an object, for libraries that must not set the program's method.
//
//   auto context = cohort::get_context("spawn");
//   cohort::Process p = context.process({.name = "worker"}, work, 7);
//
// A plain value. Python: multiprocessing.get_context.
#pragma once

#include <string_view>
#include <utility>

#include "cohort/process/process.hpp"

namespace cohort {

class Context {
 public:
  constexpr explicit Context(StartMethod method) noexcept : method_(method) {}

  [[nodiscard]] constexpr StartMethod get_start_method() const noexcept { return method_; }

  /// A Process that this context's method will start. Python: context.Process(...).
  template <class F, class... Args>
  [[nodiscard]] Process process(ProcessOptions options, F&& f, Args&&... arguments) const {
    options.start_method = method_;
    return Process(std::move(options), std::forward<F>(f), std::forward<Args>(arguments)...);
  }
  template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, ProcessOptions>)
  [[nodiscard]] Process process(F&& f, Args&&... arguments) const {
    return process(ProcessOptions{}, std::forward<F>(f), std::forward<Args>(arguments)...);
  }

 private:
  StartMethod method_;
};

/// The context of a method.
[[nodiscard]] constexpr Context get_context(StartMethod method) noexcept { return Context(method); }
/// @throws ValueError  for a word that names no method
[[nodiscard]] inline Context get_context(std::string_view name) { return Context(start_method_from_name(name)); }
/// The context of the program's method, which is fixed by that.
[[nodiscard]] inline Context get_context() { return Context(get_start_method()); }

}  // namespace cohort
