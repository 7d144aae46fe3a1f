# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Queues and connections under deaths.
cohort_test(channel_queue_step_test SOURCES channel_queue_step_test.cpp LABELS crash TIMEOUT 240 NO_MAIN_HOOK)
cohort_test(channel_queue_hammer_test SOURCES channel_queue_hammer_test.cpp LABELS crash TIMEOUT 120 NO_MAIN_HOOK)

# The layer with its crash points compiled in; all other layers are the library's own objects.
if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/channel_queue_points_test.cpp")
  file(GLOB channel_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/channel/*.cpp")
  set(point_sources "${PROJECT_SOURCE_DIR}/src/base/crash_point.cpp")
  if(COHORT_CRASH_POINTS)
    set(point_sources "")  # the library's base has it
  endif()
  add_executable(channel_queue_points_test channel_queue_points_test.cpp ${channel_sources} ${point_sources})
  target_include_directories(channel_queue_points_test PRIVATE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(channel_queue_points_test PRIVATE
    $<$<NOT:$<BOOL:${COHORT_CRASH_POINTS}>>:COHORT_CRASH_POINTS=1>)
  target_compile_options(channel_queue_points_test PRIVATE -Wno-conversion -Wno-shadow)
  target_link_libraries(channel_queue_points_test PRIVATE
    cohort_compile_options cohort_sync cohort_wire cohort_shm cohort_os cohort_base GTest::gtest_main ${CMAKE_DL_LIBS})
  gtest_discover_tests(channel_queue_points_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS crash)
endif()

# More raw forks than there are slots for members.
cohort_test(raw_forks_test SOURCES raw_forks_test.cpp LABELS crash TIMEOUT 120 NO_MAIN_HOOK)
