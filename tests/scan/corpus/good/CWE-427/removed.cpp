// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

void prepare() {
  unsetenv("LD_PRELOAD");
  unsetenv("IFS");
}
