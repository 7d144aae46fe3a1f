# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Queues under deaths.
crash_step_test(queue_step_test NO_MAIN_HOOK)
cohort_test(queue_hammer_test SOURCES queue_hammer_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)
crash_points_test(queue_points_test LAYERS ring watch queue SOURCES queue_points_test.cpp
  LIBRARIES cohort_sync cohort_wire cohort_object cohort_family)

# More raw forks than there are slots for members.
cohort_test(raw_forks_test SOURCES raw_forks_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)

# The victim is stopped, not killed.
crash_step_test(message_stopped_step_test NO_MAIN_HOOK)
