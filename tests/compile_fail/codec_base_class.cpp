// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a struct with a base class cannot be taken apart
#include "cohort/wire/codec.hpp"

struct Base {
  int number = 0;
};
struct Derived TWIN( : Base, ) {
  int more = 0;
};

auto bytes = cohort::encode(Derived{});
