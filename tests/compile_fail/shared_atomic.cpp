// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a Value is atomic by itself
#include <atomic>

#include "cohort/shared/value.hpp"

using Counter = TWIN(std::atomic<int>, int);

void use() { cohort::Value<Counter> value; }
