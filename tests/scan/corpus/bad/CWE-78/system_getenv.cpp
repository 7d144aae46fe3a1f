// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool edit() {
  const char* editor = std::getenv("VISUAL");
  return editor != nullptr && std::system(editor) == 0;  // BAD[shell-command]
}
