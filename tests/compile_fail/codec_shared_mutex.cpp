// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a mutex of one process means nothing in another
#include <shared_mutex>
#include <vector>

#include "cohort/wire/codec.hpp"

auto encode(const std::vector<TWIN(std::shared_mutex, int)>& values) { return cohort::encode(values); }
