// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a raw function pointer cannot travel
#include "cohort/wire/codec.hpp"

using Function = void (*)(int);

struct Callback {
  TWIN(Function, int) call;
};

auto bytes = cohort::encode(Callback{});
