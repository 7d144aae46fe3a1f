// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/semaphore_core.hpp"

#include "sync/owned_semaphore_core.hpp"

namespace cohort::sync {

template struct BasicSemaphoreCore<System>;
template struct BasicOwnedSemaphoreCore<System>;

}  // namespace cohort::sync
