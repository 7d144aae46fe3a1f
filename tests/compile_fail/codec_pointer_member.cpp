// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a raw pointer cannot travel
#include "cohort/wire/codec.hpp"

struct Message {
  int size;
  TWIN(int*, int) data;
};

auto bytes = cohort::encode(Message{});
