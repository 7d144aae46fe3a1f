# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# The synchronization objects under deaths.

cohort_test(sync_step_test SOURCES sync_step_test.cpp LABELS crash TIMEOUT 120 NO_MAIN_HOOK)
cohort_test(sync_hammer_test SOURCES sync_hammer_test.cpp LABELS crash TIMEOUT 120 NO_MAIN_HOOK)

# The cores with their crash points compiled in; all other layers are the library's own objects.
file(GLOB sync_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/sync/*.cpp")
add_executable(sync_points_test sync_points_test.cpp ${sync_sources} "${PROJECT_SOURCE_DIR}/src/base/crash_point.cpp")
target_include_directories(sync_points_test PRIVATE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
target_compile_definitions(sync_points_test PRIVATE COHORT_CRASH_POINTS=1)
target_compile_options(sync_points_test PRIVATE -Wno-conversion -Wno-shadow)
target_link_libraries(sync_points_test PRIVATE
  cohort_compile_options cohort_shm cohort_wire cohort_os cohort_base GTest::gtest_main ${CMAKE_DL_LIBS})
gtest_discover_tests(sync_points_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS crash)
