// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a C array cannot travel: use std::array
#include <array>

#include "cohort/wire/codec.hpp"

using Old = int[1];
using New = std::array<int, 1>;

struct Record {
  TWIN(Old, New) values;
};

auto encode(const Record& record) { return cohort::encode(record); }
