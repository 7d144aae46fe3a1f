// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error (gcc): attempt to take address of bit-field
// first error (clang): address of bit-field requested
#include "cohort/wire/codec.hpp"

struct Flags {
  unsigned read TWIN( : 1, );
};

auto bytes = cohort::encode(Flags{});
