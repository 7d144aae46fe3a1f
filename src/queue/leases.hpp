// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What makes a queue joinable: the count of items that are done, and with redelivery the items that consumers have
// taken and are not done with. docs/formats/queue.md, "JoinableQueue".
#pragma once

#include "queue/joinable_body.hpp"
#include "ring/ring.hpp"

namespace cohort::queue {

using ring::WaitLimits;

/// Says that an item is done: with redelivery the oldest one that this process has taken. False: there is none.
[[nodiscard]] bool finish_item(JoinableBody& queue);
/// Waits until all items that were put are done. False: the deadline has passed, or a stop was requested.
[[nodiscard]] bool wait_until_finished(JoinableBody& queue, const WaitLimits& limits);

/// Takes the oldest item, a returned one first, and leases it to this process. The message lies in its block, which
/// stays the queue's.
/// @throws StateError when there is no lease left; nothing was taken
[[nodiscard]] bool take_lease(JoinableBody& queue, detail::ReceivedMessage& message, const WaitLimits& limits);
/// Items that wait for another consumer because theirs died.
[[nodiscard]] std::size_t returned_leases(const JoinableBody& queue) noexcept;
/// `dead` is gone: what it had taken and was not done with waits for another consumer.
void return_leases(JoinableBody& queue, family::MemberId dead);
void destroy_leases(JoinableBody& queue, object::Destroyer& destroyer);

}  // namespace cohort::queue
