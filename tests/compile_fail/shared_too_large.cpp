// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a Value has at most 64 KiB
#include <array>

#include "cohort/shared/value.hpp"

template <int kCount>
struct Table {
  std::array<char, kCount> cells;
};

void use() { cohort::Value<Table<TWIN(70000, 60000)>> value; }
