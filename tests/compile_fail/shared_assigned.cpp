// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// `a = b` shares b's value, so `a = 5` must not look like a store.
// first error: no match for|no viable overloaded
#include "cohort/shared/value.hpp"

void use(cohort::Value<int>& value) { value TWIN(= 5, += 5); }
