// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One round of the torture by surroundings: what the process that is tortured and the one that watches it know of each
// other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

namespace cohort::torture {

/// What is made scarce, closed, stopped or sent. A round has one or two of them.
enum class Surrounding : std::uint32_t {
  descriptors,      ///< RLIMIT_NOFILE with a few free numbers below it, or lower than what is open
  processes,        ///< RLIMIT_NPROC, as another user
  address_space,    ///< RLIMIT_AS
  data,             ///< RLIMIT_DATA
  stack,            ///< RLIMIT_STACK
  file_size,        ///< RLIMIT_FSIZE
  standard_closed,  ///< some of the descriptors 0 to 2 are closed
  child_closes,     ///< children close descriptors at random
  stopped,          ///< SIGSTOP and SIGCONT to descendants
  signals,          ///< SIGUSR1 a thousand times a second, whose handler lets calls end with EINTR
  memory_full,      ///< a tiny budget of the family memory, filled up
  kills,            ///< SIGKILL to descendants
};
inline constexpr const char* kSurroundingNames[] = {"descriptors", "processes", "address_space",   "data",
                                                    "stack",       "file_size", "standard_closed", "child_closes",
                                                    "stopped",     "signals",   "memory_full",     "kills"};
inline constexpr std::uint32_t kSurroundings = std::size(kSurroundingNames);

/// What is done in them.
inline constexpr const char* kKindNames[] = {"process.forkserver",
                                             "process.spawn",
                                             "process.fork",
                                             "pool.map",
                                             "pool.imap",
                                             "pool.apply_async",
                                             "queue",
                                             "joinable",
                                             "pipe",
                                             "socket",
                                             "locks",
                                             "shared_memory",
                                             "run",
                                             "popen",
                                             "pipeline",
                                             "run_async"};
inline constexpr std::uint32_t kKinds = std::size(kKindNames);

inline constexpr std::size_t kMostErrors = 64;
inline constexpr std::size_t kMostCalls = 24;
/// How far beyond their deadline calls returned: the upper ends of the classes, of which the last has none.
inline constexpr int kLateMilliseconds[] = {50, 200, 1000, 2000};
inline constexpr std::size_t kLateClasses = std::size(kLateMilliseconds) + 1;

/// Lies in a mapped file, so that it needs no descriptor and is there after any death.
struct Board {
  /// The round has made what it needs: from now on it may be tortured from outside.
  std::atomic<std::uint32_t> under_torture;
  /// Calls that returned, and calls that threw one of Cohort's errors.
  std::atomic<std::uint64_t> returned, refused;
  std::atomic<std::uint64_t> kills, stops, signals;
  char step[128];       ///< what the round is doing
  char violation[512];  ///< the first thing that was wrong; empty: none
  struct {
    char call[96];  ///< call: type of the error
    std::uint32_t count;
  } errors[kMostErrors];
  /// Calls with a deadline of their own.
  struct {
    char call[32];
    std::uint64_t late[kLateClasses];
    std::uint64_t longest;  ///< milliseconds beyond the deadline, without the time in which no processor was to be had
  } timed[kMostCalls];
  /// The first process of the round, whichever it is, that a signal was about to end.
  struct {
    std::atomic<std::uint32_t> signal;
    std::uint32_t in_stack;  ///< 1: at the lower end of its stack, which the system may have refused to grow
    int pid;
    char place[1024];
  } crash;
  /// 1: whoever below the round passes a crash point next stops itself there. Then its pid, until it was continued.
  std::atomic<std::int32_t> stop_at_point;
  char stop_point[64];
};

/// Everything about a round follows from its seed.
struct Plan {
  std::uint64_t seed = 0;
  std::uint32_t kind = 0;
  std::uint32_t surroundings = 0;  ///< a bit for each

  [[nodiscard]] bool has(Surrounding s) const { return (surroundings >> static_cast<std::uint32_t>(s) & 1u) != 0; }
  /// Whether it has only such surroundings.
  template <class... S>
  [[nodiscard]] bool only(S... allowed) const {
    return (surroundings & ~((1u << static_cast<std::uint32_t>(allowed)) | ...)) == 0;
  }
  /// Programs may end in their loader, and stacks not grow.
  [[nodiscard]] bool limits_memory() const {
    return has(Surrounding::address_space) || has(Surrounding::data) || has(Surrounding::stack);
  }
  [[nodiscard]] std::string to_string() const {
    std::string text = kKindNames[kind];
    for (std::uint32_t i = 0; i < kSurroundings; ++i)
      if ((surroundings >> i & 1u) != 0) text += std::string(" ") + kSurroundingNames[i];
    return text;
  }
  static Plan of(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Plan plan{seed, static_cast<std::uint32_t>(random() % kKinds), 0};
    plan.surroundings = 1u << random() % kSurroundings;
    if (random() % 3 == 0) plan.surroundings |= 1u << random() % kSurroundings;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // A sanitizer reserves terabytes, and ends the process when it gets none of the memory that it wants for itself.
    for (Surrounding each : {Surrounding::address_space, Surrounding::data, Surrounding::stack})
      plan.surroundings &= ~(1u << static_cast<unsigned>(each));
#endif
#if defined(__SANITIZE_THREAD__)
    // Each process of this one has a thread of its own, without which it aborts.
    plan.surroundings &= ~(1u << static_cast<unsigned>(Surrounding::processes));
#endif
    return plan;
  }
};

/// Names the file of the board, for every process of a round.
inline constexpr const char* kBoardVariable = "COHORT_TORTURE_BOARD";
/// The board of the round that this process belongs to; null when it could not be mapped, or there is none.
Board* board_of_process() noexcept;
/// Called by the process that is the round, which never stops itself.
void become_round() noexcept;

/// Runs a round in this process; the exit code is 0 when all held.
int run_round(const Plan& plan, Board& board);

}  // namespace cohort::torture
