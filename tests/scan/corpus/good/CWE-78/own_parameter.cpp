// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

int load(int (&system)(const char*), const char* name) { return system(name); }
