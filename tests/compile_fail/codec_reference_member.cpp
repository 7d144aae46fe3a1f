// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a struct with a reference member cannot travel
#include "cohort/wire/codec.hpp"

struct Message {
  TWIN(int&, int) value;
};

auto encode(const Message& message) { return cohort::encode(message); }
