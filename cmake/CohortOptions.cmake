# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# Options and the compile settings that every target of the project shares.

option(COHORT_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(COHORT_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(COHORT_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(COHORT_BUILD_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
option(COHORT_INSTALL "Install rules: headers, libraries, CMake package" ${PROJECT_IS_TOP_LEVEL})
option(COHORT_CRASH_POINTS "Compile named crash points in, so that tests can kill a process there" OFF)
option(COHORT_WARNINGS_AS_ERRORS "Treat warnings as errors" OFF)
set(COHORT_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")

find_package(Threads REQUIRED)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

# What every target of ours is compiled with; never exported to a user.
add_library(cohort_compile_options INTERFACE)
target_compile_features(cohort_compile_options INTERFACE cxx_std_20)
target_compile_options(cohort_compile_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough>
  $<$<BOOL:${COHORT_WARNINGS_AS_ERRORS}>:-Werror>)
if(COHORT_SANITIZE)
  string(FIND "${COHORT_SANITIZE}" thread found_thread)
  if(found_thread GREATER -1)
    set(sanitizes_threads ON)
  endif()
  target_compile_options(cohort_compile_options INTERFACE
    -fsanitize=${COHORT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined
    # The check of an object's class opens a pipe to see whether it can be read, and takes each for a wrong one where no
    # descriptor is left. The check of references finds a null one in each catch of abi::__forced_unwind, for which
    # pthread_exit() brings no object; a null pointer that is used ends the program all the same.
    -fno-sanitize=vptr,null
    # ThreadSanitizer does not model fences; the cores that need one do not rely on it for what they carry.
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${sanitizes_threads}>>:-Wno-tsan>)
  target_link_options(cohort_compile_options INTERFACE -fsanitize=${COHORT_SANITIZE})
endif()
if(COHORT_CRASH_POINTS)
  target_compile_definitions(cohort_compile_options INTERFACE COHORT_CRASH_POINTS=1)
endif()
