// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool has_shell() { return system(nullptr) != 0 && std::system(NULL) != 0; }
