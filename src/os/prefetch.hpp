// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: hints to the processor about memory that will be used soon.
#pragma once

namespace cohort::os {

/// The line at `place` will be written: takes it from the other processors meanwhile. Any address is safe.
inline void prefetch_for_write(const void* place) noexcept {
#if defined(__x86_64__)
  // Not the builtin: without -mprfchw that takes the line for reading only.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(place)));
#else
  __builtin_prefetch(place, 1);
#endif
}

}  // namespace cohort::os
