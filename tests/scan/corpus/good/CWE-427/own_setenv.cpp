// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

struct Container { void setenv(const std::string& name, const std::string& value); };
void prepare(Container& container, const std::string& folder) { container.setenv("PATH", folder); }
