// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool touch(const char* const names<::>) <%
  return system(names<:0:>) == 0;  // BAD[shell-command]
%>
