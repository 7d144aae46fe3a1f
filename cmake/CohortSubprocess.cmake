# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# cohort::subprocess    subprocess and shlex with what they stand on and nothing else, for programs that only start
#                       other programs. Link it or cohort::cohort, not both.

if(TARGET cohort_subprocess)
  set(subprocess_objects "")
  foreach(layer base shlex os subprocess)
    if(TARGET cohort_${layer})
      list(APPEND subprocess_objects $<TARGET_OBJECTS:cohort_${layer}>)
    endif()
  endforeach()
  add_library(cohort_subprocess_library ${subprocess_objects})
  add_library(cohort::subprocess ALIAS cohort_subprocess_library)
  target_compile_features(cohort_subprocess_library PUBLIC cxx_std_20)
  target_include_directories(cohort_subprocess_library PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(cohort_subprocess_library PUBLIC Threads::Threads PRIVATE ${CMAKE_DL_LIBS})
  if(COHORT_SANITIZE)
    target_link_options(cohort_subprocess_library PUBLIC -fsanitize=${COHORT_SANITIZE})
  endif()
  set_target_properties(cohort_subprocess_library PROPERTIES
    OUTPUT_NAME cohort-subprocess
    EXPORT_NAME subprocess
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINKER_LANGUAGE CXX)
  cohort_limit_exports(cohort_subprocess_library)
  target_link_options(cohort_subprocess_library PRIVATE $<TARGET_PROPERTY:cohort_hardening,INTERFACE_LINK_OPTIONS>)
endif()
