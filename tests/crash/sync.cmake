# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# The synchronization objects under deaths.
crash_step_test(sync_step_test NO_MAIN_HOOK)
cohort_test(sync_hammer_test SOURCES sync_hammer_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)
crash_points_test(sync_points_test LAYERS sync SOURCES sync_points_test.cpp LIBRARIES cohort_object cohort_family cohort_wire)
