// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: this object cannot be called with these arguments
#include "cohort/process/process.hpp"

int main() {
  int number = 7;
  cohort::Process p([](TWIN(auto&, auto) item) { static_cast<void>(item); }, number);
}
