// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a struct with more than 32 fields cannot be taken apart
#include "cohort/wire/codec.hpp"

struct Wide {
  int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8, c1, c2, c3, c4, c5, c6, c7, c8;
  int d1, d2, d3, d4, d5, d6, d7, d8 TWIN(; int e1, );
};

auto bytes = cohort::encode(Wide{});
