// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything by which processes send each other messages.
#pragma once

#include "cohort/channel/connection.hpp"
#include "cohort/channel/joinable_queue.hpp"
#include "cohort/channel/loan.hpp"
#include "cohort/channel/pipe.hpp"
#include "cohort/channel/queue.hpp"
#include "cohort/channel/simple_queue.hpp"
#include "cohort/channel/wait.hpp"
