// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

void prepare() {
  static char text[] = "PATH=/usr/bin:/bin";
  putenv(text);
}
