// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How child processes come to be.
//
//   forkserver  (default) a small server, the program re-executed, forks children on request. Quick whatever the parent's size,
//               safe with threads. Children see only what is sent to them.
//   spawn       the program is executed anew for each child. Slower; no helper process.
//   fork        a copy of this process. Everything is inherited, also locks that other threads hold: refused when the process has
//               threads, unless forced.
//
// Chosen per process (ProcessOptions::start_method), per Context, or program-wide here.
// Python: multiprocessing.set_start_method and friends. forkserver is Python's default from 3.14 on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort {

enum class StartMethod : unsigned char { forkserver, spawn, fork };

/// "forkserver", "spawn" or "fork".
[[nodiscard]] COHORT_EXPORT std::string_view to_string(StartMethod method) noexcept;
/// The method with that name; throws ValueError for any other word.
[[nodiscard]] COHORT_EXPORT StartMethod start_method_from_name(std::string_view name);

/// Sets the method that is used where none is named. Once in a program's life, unless `force`.
/// Throws StateError when it is set (or was used by default) already. Python: RuntimeError "context has already been set".
COHORT_EXPORT void set_start_method(StartMethod method, bool force = false);
COHORT_EXPORT void set_start_method(std::string_view name, bool force = false);
/// The method in force; fixes the default as the method if none was set.
[[nodiscard]] COHORT_EXPORT StartMethod get_start_method();
/// The same, but nullopt when none was set or used yet. Python: get_start_method(allow_none=True).
[[nodiscard]] COHORT_EXPORT std::optional<StartMethod> get_start_method_if_set() noexcept;
/// All methods of this platform, the default first.
[[nodiscard]] COHORT_EXPORT std::vector<StartMethod> get_all_start_methods();

/// The program that spawn and forkserver execute; by default this program itself. It must be this very build: a child of another
/// build is refused. Also set by the environment variable COHORT_EXECUTABLE. Python: multiprocessing.set_executable.
COHORT_EXPORT void set_executable(std::string path);

namespace detail {
COHORT_EXPORT void add_forkserver_preload(const CallableDescriptor& function);
}

/// Has the fork server call these functions once, before it forks the first child, so that children inherit what they load.
/// No effect on a server that already runs. A function that throws keeps the server from starting: start() then throws BootstrapError with
/// its type and text. One that starts a thread makes children be spawned instead. Python: set_forkserver_preload, which takes modules.
template <auto... Functions>
void set_forkserver_preload() {
  (detail::add_forkserver_preload(detail::Invocation<Function<Functions>, false, detail::ParameterList<>>::descriptor),
   ...);
}

}  // namespace cohort
