// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Umbrella of the process layer.
#pragma once

#include "cohort/base/error.hpp"
#include "cohort/process/context.hpp"
#include "cohort/process/finalizer.hpp"
#include "cohort/process/init.hpp"
#include "cohort/process/process.hpp"
#include "cohort/process/start_method.hpp"
