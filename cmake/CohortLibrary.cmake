# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# cohort          the library a user links (shared or static, as BUILD_SHARED_LIBS says)
# cohort_main     cohort::main, a static archive that takes over main() (docs/design/0003)
# cohort_whole    the same objects as an archive with every symbol visible to the linker: for tests

# cohort_limit_exports(TARGET): what a shared library exports is what cohort.map lists, and nothing else.
function(cohort_limit_exports target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    target_link_options(${target} PRIVATE "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/cohort.map")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/cohort.map")
  endif()
endfunction()

get_property(layers GLOBAL PROPERTY COHORT_LAYERS)
set(objects "")
foreach(layer IN LISTS layers)
  list(APPEND objects $<TARGET_OBJECTS:cohort_${layer}>)
endforeach()

add_library(cohort ${objects})
add_library(cohort::cohort ALIAS cohort)
target_compile_features(cohort PUBLIC cxx_std_20)
target_include_directories(cohort PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(cohort PUBLIC Threads::Threads PRIVATE ${CMAKE_DL_LIBS})
if(COHORT_SANITIZE)
  target_link_options(cohort PUBLIC -fsanitize=${COHORT_SANITIZE})
endif()
set_target_properties(cohort PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LINKER_LANGUAGE CXX)
cohort_limit_exports(cohort)
target_link_options(cohort PRIVATE $<TARGET_PROPERTY:cohort_hardening,INTERFACE_LINK_OPTIONS>)

add_library(cohort_whole STATIC EXCLUDE_FROM_ALL ${objects})
set_target_properties(cohort_whole PROPERTIES LINKER_LANGUAGE CXX)
target_include_directories(cohort_whole PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(cohort_whole PUBLIC Threads::Threads ${CMAKE_DL_LIBS})

# The hook must be outside link-time optimisation: gold and clang lose a wrapped main in LTO objects.
if(EXISTS "${PROJECT_SOURCE_DIR}/src/process/main/main.cpp")
  add_library(cohort_main STATIC "${PROJECT_SOURCE_DIR}/src/process/main/main.cpp")
  add_library(cohort::main ALIAS cohort_main)
  set_target_properties(cohort_main PROPERTIES
    INTERPROCEDURAL_OPTIMIZATION OFF
    POSITION_INDEPENDENT_CODE ON
    OUTPUT_NAME cohort-main
    EXPORT_NAME main)
  target_compile_options(cohort_main PRIVATE -fno-lto)
  target_link_libraries(cohort_main PRIVATE $<BUILD_INTERFACE:cohort_compile_options> PUBLIC cohort)
  target_link_options(cohort_main INTERFACE "LINKER:--wrap=main" "LINKER:-u,__wrap_main")
endif()
