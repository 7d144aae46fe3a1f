// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which sanitizers this file is compiled with, and what they must be told about memory that processes share.
//
// ThreadSanitizer sees one process. When a thread fills a block of shared memory, another process frees it, and a
// second thread gets it anew, the order between the threads runs through that other process, and the tool reports a
// race that is none. note_new_memory() says what malloc says to it: nothing that was done to these bytes counts any
// more.
#pragma once

#include <algorithm>
#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define COHORT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COHORT_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define COHORT_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COHORT_ADDRESS_SANITIZER 1
#endif
#endif
#if !defined(COHORT_THREAD_SANITIZER)
#define COHORT_THREAD_SANITIZER 0
#endif
#if !defined(COHORT_ADDRESS_SANITIZER)
#define COHORT_ADDRESS_SANITIZER 0
#endif

#if COHORT_THREAD_SANITIZER
// What the runtime offers to other languages' heaps, whose blocks also change hands without malloc.
// NOLINTBEGIN(readability-identifier-naming): the runtime's names
extern "C" void __tsan_java_alloc(unsigned long place, unsigned long size);
extern "C" void __tsan_java_free(unsigned long place, unsigned long size);
// NOLINTEND(readability-identifier-naming)
#endif

namespace cohort {

inline constexpr bool kThreadSanitizer = COHORT_THREAD_SANITIZER != 0;
inline constexpr bool kAddressSanitizer = COHORT_ADDRESS_SANITIZER != 0;

/// `size` bytes at `place`, both multiples of 8, have a new user, and no other. Nothing without ThreadSanitizer.
inline void note_new_memory([[maybe_unused]] void* place, [[maybe_unused]] std::size_t size) noexcept {
#if COHORT_THREAD_SANITIZER
  auto at = reinterpret_cast<unsigned long>(place);
  // The first call goes over each 8 bytes to forget atomics that lay there, the second is quick: a large block keeps
  // old ones, which hides races and makes up none.
  __tsan_java_free(at, std::min<std::size_t>(size, std::size_t{1} << 20));
  __tsan_java_alloc(at, size);
#endif
}

}  // namespace cohort
