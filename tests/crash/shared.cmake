# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Shared values and memory with their crash points compiled in; all other layers are the library's own objects.
file(GLOB shared_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/shared/*.cpp")
set(point_sources "${PROJECT_SOURCE_DIR}/src/base/crash_point.cpp")
if(COHORT_CRASH_POINTS)
  set(point_sources "")  # the library's base has it
endif()
add_executable(shared_points_test shared_points_test.cpp ${shared_sources} ${point_sources})
target_include_directories(shared_points_test PRIVATE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
target_compile_definitions(shared_points_test PRIVATE $<$<NOT:$<BOOL:${COHORT_CRASH_POINTS}>>:COHORT_CRASH_POINTS=1>)
target_compile_options(shared_points_test PRIVATE -Wno-conversion -Wno-shadow)
target_link_libraries(shared_points_test PRIVATE
  cohort_compile_options cohort_sync cohort_wire cohort_shm cohort_os cohort_base GTest::gtest_main ${CMAKE_DL_LIBS})
gtest_discover_tests(shared_points_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS crash)
