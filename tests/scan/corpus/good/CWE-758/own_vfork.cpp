// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

namespace table { int vfork(int seats); int set() { return vfork(2); } }
