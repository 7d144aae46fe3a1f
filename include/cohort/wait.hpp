// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for whichever of several things is ready.
#pragma once

#include "cohort/wait/wait.hpp"
