// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

FILE* make(const std::string& folder) { return fopen((folder + "/tmp/x").c_str(), "w"); }
