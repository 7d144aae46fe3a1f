# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Connections under deaths.
crash_step_test(pipe_step_test NO_MAIN_HOOK)
crash_points_test(pipe_points_test LAYERS ring watch connection SOURCES pipe_points_test.cpp pipe_pieces_test.cpp
  LIBRARIES cohort_sync cohort_wire cohort_object cohort_family)
