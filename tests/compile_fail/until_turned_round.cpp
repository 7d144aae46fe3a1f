// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The token stands before the deadline.
// first error (gcc): cannot convert '<brace-enclosed initializer list>' to 'const cohort::Until&'
// first error (clang): no matching constructor for initialization of 'const Until &'
#include <chrono>
#include <stop_token>

#include "cohort/sync/event.hpp"

using namespace std::chrono_literals;

#define DEADLINE_FIRST {1s, stop}
#define TOKEN_FIRST {stop, 1s}

bool wait(cohort::Event event, std::stop_token stop) { return event.wait(TWIN(DEADLINE_FIRST, TOKEN_FIRST)); }
