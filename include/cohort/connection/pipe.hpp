// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pipe: two connections that are each other's other end.
//
//   auto [here, there] = cohort::Pipe();
//   auto [reader, writer] = cohort::Pipe(false);                                // one way
//   auto [ours, theirs] = cohort::Pipe({.transport = cohort::Transport::socket});   // for another program
//
// Threads: any. Fork: see Connection. Python: multiprocessing.Pipe.
#pragma once

#include <cstdint>
#include <utility>

#include "cohort/base/bytes.hpp"
#include "cohort/base/export.hpp"
#include "cohort/connection/connection.hpp"

namespace cohort {

/// What carries the messages.
enum class Transport : std::uint8_t {
  memory,  ///< the family memory: fast, and the ends may travel
  socket,  ///< descriptors (a socket pair; one way: a pipe): for programs outside of the family, and arguments of a Process
};

/// How a pipe is made.
struct PipeOptions {
  /// Both ends send and receive. Else the first only receives and the second only sends.
  bool duplex = true;
  Transport transport = Transport::memory;
  /// How much may wait in each direction; a send waits while there is so much. Any message finds room in an empty pipe,
  /// however large. Of a pipe in memory; for descriptors the system decides.
  Bytes capacity = Bytes(48 << 10);
  /// What comes through descriptors; both ends get these limits.
  ConnectionLimits limits = {};
};

/// Both ends of a new pipe.
///
/// A pipe with static storage is another one in each process: pass its ends as arguments.
/// @throws OutOfFamilyMemory, OsError  there was no room, or no descriptor
/// Cost: 10 µs in memory
// NOLINTBEGIN(readability-identifier-naming): Python's name
[[nodiscard]] COHORT_EXPORT std::pair<Connection, Connection> Pipe(const PipeOptions& options);
[[nodiscard]] inline std::pair<Connection, Connection> Pipe(bool duplex = true) {
  return Pipe(PipeOptions{.duplex = duplex});
}
// NOLINTEND(readability-identifier-naming)

}  // namespace cohort
