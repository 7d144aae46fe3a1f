// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: an argument does not convert to the parameter of the function
#include "cohort/pool/partial.hpp"

void load(std::string) {}
int main() { cohort::Partial p = cohort::partial(load, TWIN(7, "model.bin")); }
