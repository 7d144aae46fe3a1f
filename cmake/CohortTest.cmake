# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# cohort_test(NAME SOURCES file... [LIBRARIES lib...] [TIMEOUT seconds] [LABELS label...] [NO_MAIN_HOOK])
#   One GoogleTest program, one ctest entry a test case, each with a deadline. The program hands its
#   main() to cohort unless NO_MAIN_HOOK is given.
include(GoogleTest)
find_package(GTest REQUIRED)

function(cohort_test name)
  cmake_parse_arguments(arg "NO_MAIN_HOOK;WHOLE" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 180)  # a limit for what hangs; a machine may be ten times as busy as one test needs
  endif()
  if(COHORT_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")  # instrumented code is that much slower
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  # Before gtest_main: the hook asks for a main(), which lies in that archive.
  if(TARGET cohort_main AND NOT arg_NO_MAIN_HOOK)
    target_link_libraries(${name} PRIVATE $<LINK_ONLY:cohort_main_for_tests>)
  endif()
  target_link_libraries(${name} PRIVATE cohort_compile_options ${arg_LIBRARIES} cohort_whole GTest::gtest_main)
  # GoogleTest's macros trip these in every test.
  target_compile_options(${name} PRIVATE -Wno-conversion -Wno-shadow)
  set(environment "")
  if(COHORT_SANITIZE MATCHES "thread")
    # A forked child of a process with a service thread starts threads of its own; that is what is tested.
    # Every process waits at its end for races of threads that are left; the usual second is long for thousands of them.
    set(environment ENVIRONMENT "TSAN_OPTIONS=die_after_fork=0:atexit_sleep_ms=50")
  endif()
  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" ${environment})
  else()
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 180
      PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" ${environment})
  endif()
endfunction()
