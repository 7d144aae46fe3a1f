# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` lays down: headers, libraries, the CMake package, the pkg-config files, the licence.
include(CMakePackageConfigHelpers)

set(cohort_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/cohort")

# The library's own name inside the package is cohort::cohort, that of the hook cohort::main.
set(installed_targets cohort)
foreach(target IN ITEMS cohort_main cohort_subprocess_library cohort_net)
  if(TARGET ${target})
    list(APPEND installed_targets ${target})
  endif()
endforeach()

install(TARGETS ${installed_targets}
  EXPORT cohortTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(EXPORT cohortTargets NAMESPACE cohort:: DESTINATION ${cohort_package_dir})

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/cohort"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/cohortConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/cohortConfig.cmake"
  INSTALL_DESTINATION ${cohort_package_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/package/cohortConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/cohortConfig.cmake"
  "${PROJECT_BINARY_DIR}/package/cohortConfigVersion.cmake"
  DESTINATION ${cohort_package_dir})

# The pkg-config files find the prefix from their own place, so that an installed tree can be moved.
set(cohort_pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(COHORT_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH cohort_pc_up "/${cohort_pkgconfig_dir}" "/")
  string(REGEX REPLACE "/$" "" cohort_pc_up "${cohort_pc_up}")
  set(COHORT_PC_PREFIX "\${pcfiledir}/${cohort_pc_up}")
endif()
foreach(name IN ITEMS cohort cohort-main)
  if(name STREQUAL "cohort-main" AND NOT TARGET cohort_main)
    continue()
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/package/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/package/${name}.pc" DESTINATION ${cohort_pkgconfig_dir})
endforeach()
