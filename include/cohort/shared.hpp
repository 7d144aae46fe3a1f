// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Umbrella of the shared layer.
#pragma once

#include "cohort/shared/array.hpp"
#include "cohort/shared/atomic_reference.hpp"
#include "cohort/shared/shareable.hpp"
#include "cohort/shared/shareable_list.hpp"
#include "cohort/shared/shared_memory.hpp"
#include "cohort/shared/value.hpp"
