// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A module whose code runs as soon as it is loaded, and says so.
#include <cstdlib>

namespace {
const int ran = ::setenv("COHORT_TEST_MODULE", "ran", 1);
}  // namespace

extern "C" int cohort_test_module();
extern "C" int cohort_test_module() { return ran; }
