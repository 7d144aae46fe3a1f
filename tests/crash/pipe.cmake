# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Connections under deaths.
cohort_test(channel_pipe_step_test SOURCES channel_pipe_step_test.cpp LABELS crash TIMEOUT 120 NO_MAIN_HOOK)

# The layer with its crash points compiled in; all other layers are the library's own objects.
file(GLOB channel_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/channel/*.cpp")
set(point_sources "${PROJECT_SOURCE_DIR}/src/base/crash_point.cpp")
if(COHORT_CRASH_POINTS)
  set(point_sources "")  # the library's base has it
endif()
add_executable(channel_pipe_points_test channel_pipe_points_test.cpp channel_pipe_pieces_test.cpp ${channel_sources} ${point_sources})
target_include_directories(channel_pipe_points_test PRIVATE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
target_compile_definitions(channel_pipe_points_test PRIVATE
  $<$<NOT:$<BOOL:${COHORT_CRASH_POINTS}>>:COHORT_CRASH_POINTS=1>)
target_compile_options(channel_pipe_points_test PRIVATE -Wno-conversion -Wno-shadow)
target_link_libraries(channel_pipe_points_test PRIVATE
  cohort_compile_options cohort_sync cohort_wire cohort_shm cohort_os cohort_base GTest::gtest_main ${CMAKE_DL_LIBS})
gtest_discover_tests(channel_pipe_points_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS crash)
