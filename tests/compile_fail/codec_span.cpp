// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a std::span cannot travel
#include <span>
#include <vector>

#include "cohort/wire/codec.hpp"

auto encode(const TWIN(std::span<int>, std::vector<int>) & values) { return cohort::encode(values); }
