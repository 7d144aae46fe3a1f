# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# The supervisor of contained programs (src/os/linux/supervisor): a static program without a C library, whose file
# is embedded into the os layer.
set(supervisor_directory "${PROJECT_BINARY_DIR}/supervisor")
add_executable(cohort_supervisor "${PROJECT_SOURCE_DIR}/src/os/linux/supervisor/main.cpp")
set_target_properties(cohort_supervisor PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${supervisor_directory}"
  INTERPROCEDURAL_OPTIMIZATION OFF
  POSITION_INDEPENDENT_CODE OFF
  CXX_STANDARD 20)
target_include_directories(cohort_supervisor PRIVATE "${PROJECT_SOURCE_DIR}/src")
# Sanitizers and coverage belong to programs with a C library.
target_compile_options(cohort_supervisor PRIVATE
  -Os -g0 -ffreestanding -fno-exceptions -fno-rtti -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pie
  -fno-threadsafe-statics $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns> -fno-lto -Wall -Wextra -fno-sanitize=all -fno-profile-arcs -fno-test-coverage)
target_link_options(cohort_supervisor PRIVATE
  -static -nostdlib -no-pie -fno-lto -fno-sanitize=all LINKER:--build-id=none LINKER:-z,noexecstack LINKER:-z,max-page-size=4096 -s)
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/os/linux/supervisor_image.S" PROPERTIES
  COMPILE_DEFINITIONS "COHORT_SUPERVISOR_IMAGE=\"${supervisor_directory}/cohort_supervisor\""
  OBJECT_DEPENDS "${supervisor_directory}/cohort_supervisor")
add_dependencies(cohort_os cohort_supervisor)
