// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a raw pointer cannot travel
#include <map>
#include <string>

#include "cohort/wire/codec.hpp"

void start() { cohort::require_encodable<std::map<std::string, TWIN(int*, int)>>(); }
