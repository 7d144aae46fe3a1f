// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The layout of a pipe and its ends in the family memory: docs/formats/pipe.md, in code.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ring/layout.hpp"

namespace cohort::connection {

using ring::RingBody;

struct PipeBody {
  RingBody ring[2];  ///< [e]: what end e receives

  // Read by all, rarely written.
  std::atomic<std::uint32_t> closed[2];
  std::atomic<std::uint32_t> wants_room[2];
  std::uint64_t capacity;
  std::uint64_t piece;  ///< messages of more than two of these bytes are sent in pieces of so many; constant

  struct alignas(64) Sending {
    std::atomic<std::uint64_t> given;
    std::atomic<std::uint32_t> room;  ///< futex
    std::atomic<std::uint64_t> seen;  ///< ring[e].out.position some time ago; a hint
    std::atomic<std::uint64_t> busy;  ///< thread word of who sends a message in pieces; 0: nobody
  };
  struct alignas(64) Receiving {
    std::atomic<std::uint64_t> taken;
    std::atomic<std::uint64_t> begun;  ///< block with what was received of a message that comes in pieces; 0: none
    std::atomic<std::uint64_t> busy;   ///< thread word of who receives a message in pieces; 0: nobody
  };
  Sending sending[2];      ///< into ring[e]
  Receiving receiving[2];  ///< from ring[e]
};
static_assert(sizeof(PipeBody) == 960 && offsetof(PipeBody, closed) == 640 && offsetof(PipeBody, capacity) == 656 &&
              offsetof(PipeBody, sending) == 704 && offsetof(PipeBody, receiving) == 832);

inline constexpr std::uint32_t kMayReceive = 1;
inline constexpr std::uint32_t kMaySend = 2;

struct EndBody {
  std::atomic<std::uint64_t> parcel;
  std::uint64_t pipe;
  std::uint32_t end;
  std::uint32_t mode;
  std::uint64_t spare[5];
};
static_assert(sizeof(EndBody) == 64);

}  // namespace cohort::connection
