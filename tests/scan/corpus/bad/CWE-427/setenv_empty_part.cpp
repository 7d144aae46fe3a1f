// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

void prepare() {
  setenv("LD_LIBRARY_PATH", "/opt/lib:", 1);  // BAD[environment-path]
}
