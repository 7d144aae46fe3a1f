// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: a thread for the library's own use.
#pragma once

#include <cstddef>

namespace cohort::os {

/// Starts a detached thread with a small stack and all signals blocked, which calls function(argument). Throws OsError.
void start_thread(void (*function)(void*), void* argument, const char* name, std::size_t stack_bytes);

}  // namespace cohort::os
