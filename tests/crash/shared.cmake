# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Shared values and memory under deaths.
crash_points_test(shared_points_test LAYERS shared SOURCES shared_points_test.cpp
  LIBRARIES cohort_sync cohort_wire cohort_object cohort_family)
