// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// All of layer shlex.
#pragma once

#include "cohort/shlex/character_set.hpp"
#include "cohort/shlex/shlex.hpp"
