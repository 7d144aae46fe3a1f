// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

namespace game { int system(const char* name); }
using game::system;
int load(const char* name) { return system(name); }
