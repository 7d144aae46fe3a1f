// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Named places at which a test can kill the process.
//
//   COHORT_CRASH_POINT("shm.free.committed");     // in non-inline, non-template functions only
//
// Without COHORT_CRASH_POINTS the macro is nothing. With it, every place registers its name before main() (the linker
// collects them), crash_points() lists them, and arm_crash_point() makes the process end itself by SIGKILL when the
// n-th call passes there. COHORT_CRASH_AT="NAME:N" in the environment arms a program from outside.
#pragma once

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS

#include <string>
#include <vector>

namespace cohort {

/// The names of all crash points that are linked in, sorted, each once.
[[nodiscard]] std::vector<std::string> crash_points();
/// Ends this process by SIGKILL when it passes `name` for the `hit`-th time from now. One point is armed at a time.
void arm_crash_point(const std::string& name, int hit = 1);
/// Has `seen` called with the name of every point that this process passes from now on. It must be quick and raw.
void watch_crash_points(void (*seen)(const char* name) noexcept) noexcept;
/// Has `dying` called by a process that is about to end itself at a point, with the point's name and which pass it was.
/// It must be raw: no memory is allocated and no lock taken there.
void watch_crashes(void (*dying)(const char* name, int pass) noexcept) noexcept;

namespace detail {
void crash_point_reached(const char* name) noexcept;
}  // namespace detail

}  // namespace cohort

// Not const: position-independent code relocates the pointer, so the section must be writable in every file.
#define COHORT_CRASH_POINT(name)                                                                             \
  do {                                                                                                       \
    __attribute__((section("cohort_crash_points"), used)) static const char* cohort_crash_point_name = name; \
    ::cohort::detail::crash_point_reached(cohort_crash_point_name);                                          \
  } while (false)

#else
#define COHORT_CRASH_POINT(name) static_cast<void>(0)
#endif
