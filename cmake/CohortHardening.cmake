# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
#
# COHORT_HARDENING: what a compiler and a linker can do against mistakes that are left, in our own libraries and programs in
# the configurations that are optimised for use (-O2 and above: Release, RelWithDebInfo; not the presets test and debug). Nothing
# of it reaches a user's targets. Off under sanitizers, which see more, and in the fuzzers.
#
#   stack protector, strong    a function with an array notices that it wrote past it
#   FORTIFY_SOURCE             calls of the C library whose buffer's size is known check it
#   stack clash protection     a large frame touches each page, so that it cannot jump over the guard page
#   control-flow protection    IBT and shadow stack (x86), branch protection (arm64): where the processor has them
#   full RELRO, BIND_NOW       the tables of functions are read-only once the program runs
option(COHORT_HARDENING "Harden our libraries and programs in Release and RelWithDebInfo" ON)

include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

add_library(cohort_hardening INTERFACE)
if(COHORT_HARDENING AND NOT COHORT_SANITIZE AND NOT COHORT_BUILD_FUZZERS)
  set(hardened_configurations "")
  foreach(configuration Release RelWithDebInfo MinSizeRel)
    string(TOUPPER "CMAKE_CXX_FLAGS_${configuration}" flags)
    if("${CMAKE_CXX_FLAGS} ${${flags}}" MATCHES "-O[23s]( |$)")
      list(APPEND hardened_configurations ${configuration})
    endif()
  endforeach()
  list(JOIN hardened_configurations "," hardened)
  set(hardened "$<CONFIG:${hardened}>")
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "COHORT_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(cohort_hardening INTERFACE "$<$<AND:${hardened},$<COMPILE_LANGUAGE:CXX>>:${flag}>")
      if(NOT flag MATCHES "stack")
        # Assembly says in a note that it may be entered where a jump leads; the linker wants it of every object.
        target_compile_options(cohort_hardening INTERFACE "$<$<AND:${hardened},$<COMPILE_LANGUAGE:ASM>>:${flag}>")
      endif()
    endif()
  endforeach()
  # Level 2: level 3 wants newer compilers. A distribution's compiler may have set another one.
  if(NOT CMAKE_CXX_FLAGS MATCHES "_FORTIFY_SOURCE")
    target_compile_options(cohort_hardening INTERFACE
      "$<$<AND:${hardened},$<COMPILE_LANGUAGE:CXX>>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>")
  endif()
  foreach(flag relro now noexecstack)
    check_linker_flag(CXX "LINKER:-z,${flag}" COHORT_HAS_Z_${flag})
    if(COHORT_HAS_Z_${flag})
      target_link_options(cohort_hardening INTERFACE "$<${hardened}:LINKER:-z,${flag}>")
    endif()
  endforeach()
endif()
target_link_libraries(cohort_compile_options INTERFACE cohort_hardening)
