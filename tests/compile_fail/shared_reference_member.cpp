// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a reference may not live in shared memory
#include "cohort/shared/value.hpp"

struct View {
  TWIN(const int&, int) item;
  int size;
};

cohort::Value<View> make(const View& view) { return cohort::Value<View>(view); }
