# Warnings, sanitizers and feature macros that every target of the project shares.
add_library(gonet_compiler INTERFACE)
target_compile_definitions(gonet_compiler INTERFACE _GNU_SOURCE)
target_compile_options(
  gonet_compiler
  INTERFACE -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wundef
            $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wvla>
            -fno-common -fno-strict-aliasing)
# A frame larger than what is left of a task's stack touches each of its pages, and so the guard.
include(CheckCCompilerFlag)
check_c_compiler_flag(-fstack-clash-protection GONET_HAS_STACK_CLASH_PROTECTION)
if(GONET_HAS_STACK_CLASH_PROTECTION)
  set(gonet_stack_probes -fstack-clash-protection)
  target_compile_options(gonet_compiler INTERFACE ${gonet_stack_probes})
endif()
if(GONET_WERROR)
  target_compile_options(gonet_compiler INTERFACE -Werror)
endif()

if(GONET_COVERAGE)
  target_compile_options(gonet_compiler INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(gonet_compiler INTERFACE --coverage)
  target_compile_definitions(gonet_compiler INTERFACE GONET_COVERAGE)
endif()

if(GONET_SANITIZE)
  string(REPLACE "," ";" gonet_sanitizers "${GONET_SANITIZE}")
  foreach(sanitizer IN LISTS gonet_sanitizers)
    if(NOT sanitizer MATCHES "^(address|undefined|thread)$")
      message(FATAL_ERROR "GONET_SANITIZE: '${sanitizer}' is not one of address, undefined, thread")
    endif()
  endforeach()
  target_compile_options(gonet_compiler INTERFACE -fsanitize=${GONET_SANITIZE}
                                                  -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(gonet_compiler INTERFACE -fsanitize=${GONET_SANITIZE})
  # ThreadSanitizer does not follow fences, and GCC says so; ours order nothing but atomics.
  if(GONET_SANITIZE MATCHES "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(gonet_compiler INTERFACE -Wno-tsan)
  endif()
endif()
