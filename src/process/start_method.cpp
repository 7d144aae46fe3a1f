// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/process/start_method.hpp"

#include "cohort/base/error.hpp"
#include "process/process_state.hpp"

namespace cohort {

std::string_view to_string(StartMethod method) noexcept {
  switch (method) {
    case StartMethod::forkserver: return "forkserver";
    case StartMethod::spawn: return "spawn";
    case StartMethod::fork: return "fork";
  }
  return "unknown";
}

StartMethod start_method_from_name(std::string_view name) {
  for (StartMethod method : get_all_start_methods())
    if (name == to_string(method)) return method;
  throw ValueError("start method", name, "is none of forkserver, spawn, fork");
}

void set_start_method(StartMethod method, bool force) {
  auto& state = detail::process_state();
  std::lock_guard guard(state.mutex);
  if (state.default_method && !force)
    throw StateError("set_start_method", to_string(method),
                     "the start method has been set already, to " + std::string(to_string(*state.default_method)));
  state.default_method = method;
}

void set_start_method(std::string_view name, bool force) { set_start_method(start_method_from_name(name), force); }

StartMethod get_start_method() {
  auto& state = detail::process_state();
  std::lock_guard guard(state.mutex);
  if (!state.default_method) state.default_method = StartMethod::forkserver;
  return *state.default_method;
}

std::optional<StartMethod> get_start_method_if_set() noexcept {
  auto& state = detail::process_state();
  std::lock_guard guard(state.mutex);
  return state.default_method;
}

std::vector<StartMethod> get_all_start_methods() {
  return {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork};
}

void set_executable(std::string path) {
  auto& state = detail::process_state();
  std::lock_guard guard(state.mutex);
  state.executable = std::move(path);
}

namespace detail {

void add_forkserver_preload(const CallableDescriptor& function) {
  auto& state = process_state();
  std::lock_guard guard(state.mutex);
  state.preload.push_back(&function);
}

}  // namespace detail

}  // namespace cohort
