// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

struct Shop { int popen(const char* item, const char* mode); int open_all(const char* item); };
int Shop::popen(const char* item, const char* mode) { return item[0] + mode[0]; }
int Shop::open_all(const char* item) { return popen(item, "r"); }
