// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: a thread for the library's own use.
#pragma once

#include <cstddef>

namespace cohort::os {

/// Starts a detached thread with a small stack and all signals blocked, which calls function(argument). Throws OsError.
void start_thread(void (*function)(void*), void* argument, const char* name, std::size_t stack_bytes);
/// How many threads that start_thread() started are in their functions: what to subtract from a count of threads to get the
/// program's own.
[[nodiscard]] int library_threads() noexcept;
/// In a forked child: none of them exists here.
void forget_library_threads() noexcept;

}  // namespace cohort::os
