// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int main() {
  int status = std::system("/bin/true");
  if (status == -1) return 2;
  return status == 0 ? 0 : 1;
}
