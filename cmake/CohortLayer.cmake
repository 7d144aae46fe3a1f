# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# cohort_layer(NAME [DEPENDS lower...])
#   One object library a layer, made of src/NAME/*.cpp (and src/NAME/linux/*). It may link only the
#   layers it names, so an upward call does not build.
function(cohort_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp"
    "${PROJECT_SOURCE_DIR}/src/${name}/linux/*.cpp"
    "${PROJECT_SOURCE_DIR}/src/${name}/linux/*.S")
  if(NOT sources)
    return()
  endif()
  add_library(cohort_${name} OBJECT ${sources})
  set_target_properties(cohort_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(cohort_${name}
    PUBLIC "${PROJECT_SOURCE_DIR}/include"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(cohort_${name} PRIVATE COHORT_BUILDING=1)
  target_link_libraries(cohort_${name} PRIVATE cohort_compile_options PUBLIC Threads::Threads)
  foreach(lower IN LISTS arg_DEPENDS)
    if(TARGET cohort_${lower})
      target_link_libraries(cohort_${name} PUBLIC cohort_${lower})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY COHORT_LAYERS ${name})
endfunction()
