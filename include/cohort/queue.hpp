// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything about queues.
#pragma once

#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/loan.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/queue/simple_queue.hpp"
