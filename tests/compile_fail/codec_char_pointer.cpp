// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a raw pointer cannot travel
#include <string>

#include "cohort/wire/codec.hpp"

using Text = TWIN(const char*, std::string);

Text text() { return cohort::decode<Text>({}); }
