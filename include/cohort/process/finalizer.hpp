// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Work for the end of a process, and for the start of its forked children.
//
//   cohort::Finalizer remove = cohort::finalize([path] { std::filesystem::remove(path); });
//   …
//   remove();          // now, and not again at exit
//
// Finalizers run at the normal exit of the process that registered them, and only there: highest priority first, among equals the latest
// first. Those with a priority of 0 or more run before children are joined, the others after. A killed process runs none.
// Threads: any. Python: multiprocessing.util.Finalize and register_after_fork.
#pragma once

#include <concepts>
#include <functional>
#include <memory>

#include "cohort/base/export.hpp"

namespace cohort {

/// Refers to one registered finalizer. Destroying it does nothing: the finalizer stays registered.
class COHORT_EXPORT Finalizer {
 public:
  /// Runs it now, once; no effect when it has run, was cancelled, or belongs to another process.
  void operator()() const;
  /// It will not run.
  void cancel() const;
  [[nodiscard]] bool still_active() const;

 private:
  friend COHORT_EXPORT Finalizer finalize(std::function<void()> function, int priority);
  struct Entry;
  std::shared_ptr<Entry> entry_;
  friend struct FinalizerRegistry;
};

/// Registers `function`. An exception out of it is reported on standard error and does not stop the others.
COHORT_EXPORT Finalizer finalize(std::function<void()> function, int priority = 0);

namespace detail {
/// What no std::function<void()> can be made of.
template <class F>
concept NotACallback = !std::convertible_to<F, std::function<void()>>;
}  // namespace detail

/// Refuses what finalize() cannot call, with a sentence.
template <class F, class... Arguments>
  requires(detail::NotACallback<F>)
void finalize(F&&, const Arguments&...) {
  static_assert(!detail::NotACallback<F>,
                "cohort: a finalizer is called without arguments: write finalize([=] { f(arguments); })");
}

/// Has every child that this process forks (start method fork) call `function` before it does its work.
COHORT_EXPORT void register_after_fork(std::function<void()> function);
/// Refuses what register_after_fork() cannot call, with a sentence.
template <class F, class... Arguments>
  requires(detail::NotACallback<F>)
void register_after_fork(F&&, const Arguments&...) {
  static_assert(
      !detail::NotACallback<F>,
      "cohort: what runs after a fork is called without arguments: write register_after_fork([=] { f(arguments); })");
}

}  // namespace cohort
