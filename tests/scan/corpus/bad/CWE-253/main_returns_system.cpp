// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int main() {
  return system("/bin/true");  // BAD[wait-status]
}
