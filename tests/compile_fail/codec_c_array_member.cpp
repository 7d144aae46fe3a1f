// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a struct with a C array member cannot be taken apart: use std::array
#include <array>

#include "cohort/wire/codec.hpp"

using Old = char[16];
using New = std::array<char, 16>;

struct Record {
  int number;
  TWIN(Old, New) name;
};

auto encode(const Record& record) { return cohort::encode(record); }
