// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/lock_core.hpp"

namespace cohort::sync {

template struct BasicLockCore<System>;

}  // namespace cohort::sync
