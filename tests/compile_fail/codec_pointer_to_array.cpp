// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a smart pointer to an array does not know its length
#include <memory>

#include "cohort/wire/codec.hpp"

using Array = int[];

auto encode(const std::shared_ptr<TWIN(Array, int)>& values) { return cohort::encode(values); }
