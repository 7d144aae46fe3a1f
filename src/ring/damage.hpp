// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A ring whose bytes cannot be what its users wrote.
#pragma once

namespace cohort::ring {

/// Throws StateError: something wrote into the ring that is no part of it.
[[noreturn]] void throw_damaged(const char* what);

}  // namespace cohort::ring
