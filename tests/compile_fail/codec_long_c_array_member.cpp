// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a struct with a C array member cannot be taken apart: use std::array
#include <array>

#include "cohort/wire/codec.hpp"

using Old = double[4][100];
using New = std::array<std::array<double, 100>, 4>;

struct Record {
  TWIN(Old, New) matrix;
};

Record record() { return cohort::decode<Record>({}); }
