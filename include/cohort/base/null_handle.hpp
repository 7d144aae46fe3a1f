// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a handle is made that refers to nothing, as a moved-from one does: its use throws ClosedError.
//
//   cohort::Lock lock(cohort::null_handle);
//   bool nothing = lock.is_null();                // true
//
// Python: None in the place of the object.
#pragma once

namespace cohort {

/// The type of null_handle.
struct NullHandle {
  explicit constexpr NullHandle() noexcept = default;
};
/// Makes a handle of any class that refers to nothing.
inline constexpr NullHandle null_handle{};

}  // namespace cohort
