// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool one() {
  return system("/bin/ls "
                "-l "
                R"(/srv)") == 0;
}
