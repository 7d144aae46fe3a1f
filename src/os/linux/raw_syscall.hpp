// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A system call and nothing else: no errno, no cancellation point, no interceptor of a sanitizer. For code that runs on
// a stack and with a thread pointer that are not its own, or without a C library: this header includes nothing.
#pragma once

// The frames of such code live where no sanitizer looks.
#if defined(__clang__)
#define COHORT_RAW __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define COHORT_RAW __attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

namespace cohort::os {

/// The kernel's answer as it is: -errno when the call failed.
COHORT_RAW inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) noexcept {
#if defined(__x86_64__)
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
#error "cohort: raw_syscall has no form for this processor yet"
#endif
}

}  // namespace cohort::os
