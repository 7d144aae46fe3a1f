// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

namespace plan { int execlp(const char* step); int go() { return execlp("ls"); } }
