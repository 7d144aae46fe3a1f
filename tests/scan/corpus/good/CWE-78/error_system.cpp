// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <system_error>

std::error_code code(int number) { return std::error_code(number, std::system_category()); }
const char* system_name(const char* text) { return text; }
const char* use(const char* text) { return system_name(text); }
