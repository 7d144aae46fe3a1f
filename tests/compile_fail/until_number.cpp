// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A bare number has no unit.
// first error (gcc): cannot convert 'int' to 'const cohort::Until&'
// first error (clang): reference to type 'const Until' could not bind to an rvalue of type 'int'
#include <chrono>

#include "cohort/sync/event.hpp"

using namespace std::chrono_literals;

bool wait(cohort::Event event) { return event.wait(TWIN(1, 1s)); }
