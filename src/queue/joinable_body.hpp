// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a JoinableQueue is in the family memory: a ring, and beside it what is done, and what is lent.
// docs/formats/queue.md, "JoinableQueue".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "queue/queue_body.hpp"
#include "ring/layout.hpp"

namespace cohort::queue {

/// An item that a consumer has taken and not said to be done with, in a JoinableQueue with redelivery.
struct alignas(64) Lease {
  std::atomic<std::uint64_t> state;     ///< kLeaseFree, kLeaseReturned, or the consumer's MemberId, packed
  std::atomic<std::uint64_t> block;     ///< where the message lies; owned by nobody
  std::atomic<std::uint64_t> start;     ///< of the message in the block
  std::atomic<std::uint64_t> size;      ///< of the message
  std::atomic<std::uint64_t> parcel;    ///< 0: none
  std::atomic<std::uint64_t> order;     ///< grows with every item taken from the ring
  std::atomic<std::uint64_t> position;  ///< out.position before it was taken
  std::uint64_t spare;
};
static_assert(sizeof(Lease) == 64);

inline constexpr std::uint64_t kLeaseFree = 0;
inline constexpr std::uint64_t kLeaseReturned = ~std::uint64_t{0};

inline constexpr std::uint64_t kJoiners = std::uint64_t{1} << 63;  ///< in `done`: somebody may sleep on `finished`

struct JoinableBody {
  ring::RingBody ring;

  alignas(64) std::atomic<std::uint64_t> done;  ///< items done with, modulo 2^30, and kJoiners
  std::atomic<std::uint32_t> finished;          ///< futex: grows when all items are done
  std::uint32_t lease_count;                    ///< 0: no redelivery; constant

  // Redelivery; under the lock of out.
  alignas(64) std::atomic<std::uint64_t> leasing;  ///< index + 1 of a lease that is being given
  std::atomic<std::uint64_t> finishing;            ///< index + 1 of a lease that is being ended
  std::atomic<std::uint64_t> finishing_done;       ///< `done` after that
  std::atomic<std::uint64_t> orders;               ///< the last Lease::order
  std::atomic<std::uint64_t> returned;             ///< leases that wait for another consumer
  std::uint64_t spare[3];
  // Lease leases[lease_count] follow.
};
static_assert(sizeof(JoinableBody) == sizeof(QueueBody));

[[nodiscard]] inline Lease* leases_of(JoinableBody& body) noexcept { return reinterpret_cast<Lease*>(&body + 1); }

}  // namespace cohort::queue
