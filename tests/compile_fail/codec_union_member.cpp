// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a union cannot travel
#include <variant>

#include "cohort/wire/codec.hpp"

union Either {
  int number;
  float real;
};
using Variant = std::variant<int, float>;

auto encode(const TWIN(Either, Variant) & either) { return cohort::encode(either); }
