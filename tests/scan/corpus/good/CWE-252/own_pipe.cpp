// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

namespace water { void pipe(int width); void lay() { pipe(3); } }
