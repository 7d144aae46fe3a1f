// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// All of the sync layer: locks, semaphores, conditions, events, barriers that processes share, and that survive the death of
// any of them. Python: the synchronization primitives of multiprocessing.
#pragma once

#include "cohort/sync/barrier.hpp"
#include "cohort/sync/condition.hpp"
#include "cohort/sync/event.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/sync/semaphore.hpp"
#include "cohort/sync/shared_mutex.hpp"
