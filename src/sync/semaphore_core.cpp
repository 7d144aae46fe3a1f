// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/semaphore_core.hpp"

namespace cohort::sync {

template struct BasicSemaphoreCore<System>;

}  // namespace cohort::sync
