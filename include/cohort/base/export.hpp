// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which symbols leave the shared library: everything is hidden unless it carries COHORT_EXPORT.
#pragma once

#define COHORT_EXPORT __attribute__((visibility("default")))
