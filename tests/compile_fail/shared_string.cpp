// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: what lives in shared memory is copied as bytes, and this type may not be
#include <string>

#include "cohort/shared/array.hpp"

using Item = TWIN(std::string, double);

void use() { cohort::Array<Item> array(3); }
