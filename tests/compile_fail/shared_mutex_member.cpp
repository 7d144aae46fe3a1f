// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a mutex of one process means nothing in another
#include <mutex>

#include "cohort/shared/value.hpp"

using Guarded = TWIN(std::mutex, int);

void use() { cohort::Value<Guarded> value; }
