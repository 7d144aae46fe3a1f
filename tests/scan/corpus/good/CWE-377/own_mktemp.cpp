// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

struct Factory { std::string mktemp(const char* pattern); };
std::string make(Factory& factory) { return factory.mktemp("x"); }
