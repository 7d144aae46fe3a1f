// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

namespace bp {
struct Shell {};
inline Shell shell;
int system(const std::string& command, Shell);
}
int touch(const std::string& name) {
  return bp::system("touch " + name, bp::shell);  // BAD[shell-wrapper]
}
