// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The family memory: what all processes that descend from one root share.
//
// Queues, locks, values, the state of pools and large messages live in one anonymous memory object that every process
// of the family maps. It has no name, so nothing can be left behind: the system frees it with the last process. Most
// programs never touch this header; the memory appears when the first shared object is made.
//
//   cohort::configure_family_memory({.budget = 2_GiB});          // before the first shared object
//   auto memory = cohort::family_memory_statistics();
//   std::cout << memory.in_use.count << " of " << memory.budget.count << " bytes\n";
//
// The budget is counted before a page is touched: who asks for more gets OutOfFamilyMemory, never a SIGBUS.
// Python: has no counterpart; its shared blocks are files in /dev/shm, bounded by that file system's size.
#pragma once

#include <cstdint>

#include "cohort/base/bytes.hpp"
#include "cohort/base/export.hpp"

namespace cohort {

/// How the family memory is made. Zero means: choose.
struct FamilyMemoryOptions {
  /// Most bytes that may be in use at once. Default: the environment's COHORT_MEMORY_BUDGET ("512M", "2G", or bytes),
  /// else half of the memory that this process may use (RAM, or the cgroup's limit if that is less).
  Bytes budget{};
  /// Address space to reserve in every process, rounded down to 256 GiB, 32 GiB, 1 GiB or 64 MiB. Default: the
  /// largest of these that the limits of this process allow (RLIMIT_AS, RLIMIT_FSIZE, sanitizers, valgrind). Blocks
  /// can use half of it.
  Bytes reservation{};
  /// Most bytes that free blocks keep for reuse, as fresh pages cost 36 times as much as kept ones; when it is
  /// exceeded, half of it stays. Default: an eighth of the budget, at least 64 MiB and at most 2 GiB.
  Bytes keep{};
};

/// What the family memory holds now. A snapshot; the numbers are of one moment, each.
struct FamilyMemoryStatistics {
  Bytes budget{};                      ///< most bytes that may be in use or kept for reuse
  Bytes in_use{};                      ///< in allocated blocks, rounded up as the allocator rounds
  Bytes kept{};                        ///< in free blocks that still hold pages, ready for reuse
  Bytes reservation{};                 ///< address space that each process reserves
  Bytes resident{};                    ///< pages of the memory object, as the system counts them
  std::uint64_t blocks = 0;            ///< allocated blocks
  std::uint64_t members_reserved = 0;  ///< processes being started
  std::uint64_t members_live = 0;      ///< processes that take part
  std::uint64_t members_ended = 0;     ///< processes that have ended but whose result is not yet collected
  std::uint64_t takeovers = 0;         ///< times that an internal lock was taken over from a process that died
};

/// Chooses how this process, as root of a family, makes its family memory.
///
/// @throws StateError when the family memory exists already, or was joined; nothing was changed
///          ValueError when the reservation is below 64 MiB
/// Threads: call before others use the library
COHORT_EXPORT void configure_family_memory(const FamilyMemoryOptions& options);

/// What the family memory holds; all zero when this process has none yet.
///
/// Cost: three system calls and a walk over the table of members (some tens of µs).
[[nodiscard]] COHORT_EXPORT FamilyMemoryStatistics family_memory_statistics();

}  // namespace cohort
