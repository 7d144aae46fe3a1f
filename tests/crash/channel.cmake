# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Queues and connections under deaths.
cohort_test(channel_queue_step_test SOURCES channel_queue_step_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)
cohort_test(channel_queue_hammer_test SOURCES channel_queue_hammer_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)
crash_points_test(channel_queue_points_test LAYER channel SOURCES channel_queue_points_test.cpp
  LIBRARIES cohort_sync cohort_wire cohort_shm)

# More raw forks than there are slots for members.
cohort_test(raw_forks_test SOURCES raw_forks_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)

# The victim is stopped, not killed.
cohort_test(channel_stopped_step_test SOURCES channel_stopped_step_test.cpp LABELS crash TIMEOUT 300 NO_MAIN_HOOK)
