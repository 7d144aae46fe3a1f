// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a lambda with captures, or a std::function, cannot travel
#include <functional>
#include <vector>

#include "cohort/wire/codec.hpp"

using Function = std::function<int(int)>;

auto encode(const std::vector<TWIN(Function, int)>& functions) { return cohort::encode(functions); }
