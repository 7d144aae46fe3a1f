// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a condition variable of one process
#include <condition_variable>

#include "cohort/wire/codec.hpp"

auto encode(const TWIN(std::condition_variable, int) & value) { return cohort::encode(value); }
