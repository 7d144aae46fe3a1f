// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks of what must be true: a failed one says where and what, and aborts.
//
// They guard Cohort's own invariants, never input: what a user, a file or another process can get wrong is an
// exception. COHORT_CHECK is always on; COHORT_DCHECK only without NDEBUG.
#pragma once

#include "cohort/base/export.hpp"

namespace cohort::detail {

/// Writes "cohort: FILE:LINE: check failed: TEXT (MESSAGE)" with one write(2) and aborts. Safe after fork.
[[noreturn]] COHORT_EXPORT void check_failed(const char* file, int line, const char* text,
                                             const char* message) noexcept;

}  // namespace cohort::detail

#define COHORT_CHECK(condition, message)             \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::cohort::detail::check_failed(__FILE__, __LINE__, #condition, message))

#ifdef NDEBUG
#define COHORT_DCHECK(condition, message) static_cast<void>(0)
#else
#define COHORT_DCHECK(condition, message) COHORT_CHECK(condition, message)
#endif
