// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a fraction would be cut off
#include "cohort/shared/value.hpp"

void use() { cohort::Value<int> value(TWIN(2.5, 2L)); }
