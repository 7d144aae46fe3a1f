// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/queue/joinable_core.hpp"

#include <algorithm>
#include <new>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/object/block.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "object/watch_point.hpp"
#include "queue/joinable_body.hpp"
#include "queue/leases.hpp"
#include "ring/limited.hpp"
#include "ring/ring.hpp"
#include "ring/watch_side.hpp"
#include "watch/readiness.hpp"

namespace cohort::detail {

using object::Block;
using queue::JoinableBody;
using ring::RingBody;
using ring::WaitLimits;

namespace {

JoinableBody& joinable_at(void* body) noexcept { return *static_cast<JoinableBody*>(body); }

void member_died(family::Offset, void* body, family::MemberId dead) {
  JoinableBody& queue = joinable_at(body);
  ring::repair(queue.ring);
  if (queue.lease_count != 0) queue::return_leases(queue, dead);
}

void destroy(object::Destroyer& destroyer, void* body) {
  JoinableBody& queue = joinable_at(body);
  queue::destroy_leases(queue, destroyer);
  ring::destroy(queue.ring, destroyer);
}

object::WatchPoint watch_point(void* body) {
  object::WatchPoint point{.body = body, .ready = [](const object::WatchPoint& of) noexcept {
                             const JoinableBody& queue = joinable_at(of.body);
                             return ring::item_count(queue.ring) + queue::returned_leases(queue) != 0;
                           }};
  ring::watch_side(point, joinable_at(body).ring.in);
  return point;
}

const bool kRegistered = object::register_object_kind(
    ObjectKind::joinable_queue, {.member_died = member_died, .destroy = destroy, .watch_point = watch_point});

std::size_t lease_count(const JoinableQueueOptions& options) {
  if (!options.redeliver) return 0;
  if (options.most_unfinished_gets == 0 || options.most_unfinished_gets > 1u << 20)
    throw ValueError("JoinableQueue", "most_unfinished_gets", "it must lie between 1 and 1048576");
  return options.most_unfinished_gets;
}

}  // namespace

// ---- making ---------------------------------------------------------------------------------------------------------

JoinableHandle::JoinableHandle(ObjectKind kind, const JoinableQueueOptions& options)
    : QueueHandle(kind, sizeof(JoinableBody) + lease_count(options) * sizeof(queue::Lease),
                  [maxsize = options.maxsize, leases = lease_count(options)](void* body) {
                    auto* queue = new (body) JoinableBody{};
                    queue::init_ring(queue->ring, maxsize);
                    queue->lease_count = static_cast<std::uint32_t>(leases);
                  }) {}

// ---- state ----------------------------------------------------------------------------------------------------------

bool JoinableHandle::redelivers() const { return joinable_at(body()).lease_count != 0; }

std::size_t JoinableHandle::qsize() const { return QueueHandle::qsize() + queue::returned_leases(joinable_at(body())); }

bool JoinableHandle::empty() const { return QueueHandle::empty() && queue::returned_leases(joinable_at(body())) == 0; }

// ---- putting --------------------------------------------------------------------------------------------------------

std::size_t JoinableHandle::put_plain(const void* values, std::size_t size, std::size_t count,
                                      const Limits& limits) const {
  if (!redelivers()) return QueueHandle::put_plain(values, size, count, limits);
  check_open(limits.verb);
  return put_plain_in_blocks(static_cast<const std::byte*>(values), size, count, limits);
}

// With redelivery every item lies in a block of its own.
std::size_t JoinableHandle::put_plain_in_blocks(const std::byte* values, std::size_t size, std::size_t count,
                                                const Limits& limits) const {
  RingBody& ring = joinable_at(body()).ring;
  family::LockDeadline limit(limits.until.deadline);
  std::size_t done = 0;
  try {
    for (; done < count; ++done) {
      Block block(size);
      std::copy_n(values + done * size, size, block.place());
      if (!ring::put(ring, {.size = size, .block = block.offset()}, limits)) break;
      block.give();
    }
  } catch (const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): as when the deadline has passed
  }
  return done;
}

bool JoinableHandle::put_message(FunctionRef<void(Encoder&)> encode, const Limits& limits) const {
  return QueueHandle::put_message(encode, limits, redelivers() ? Place::block : Place::ring);
}

// ---- getting --------------------------------------------------------------------------------------------------------

std::size_t JoinableHandle::get_plain(void* to, std::size_t size, std::size_t most, const Limits& limits) const {
  if (!redelivers()) return QueueHandle::get_plain(to, size, most, limits);
  check_open(limits.verb);
  return get_plain_leases(static_cast<std::byte*>(to), size, most, limits);
}

std::size_t JoinableHandle::get_plain_leases(std::byte* to, std::size_t size, std::size_t most,
                                             const Limits& limits) const {
  JoinableBody& queue = joinable_at(body());
  auto& flags = local_flags();
  const Until now = Deadline::now();
  const Limits at_once{now, limits.verb};
  std::size_t done = 0;
  for (; done < most; ++done) {
    ReceivedMessage message;
    const Limits& wait = done == 0 ? limits : at_once;
    if (!ring::limited(wait.until.deadline, false, [&] { return queue::take_lease(queue, message, wait); })) break;
    watch::note_taking(*this, watch::LocalState(flags));
    if (message.bytes().size() != size)
      throw DecodeError(operation(limits.verb), "", "the item has another size than items of this type: use one type");
    std::copy(message.bytes().begin(), message.bytes().end(), to + done * size);
  }
  return done;
}

bool JoinableHandle::get_message(ReceivedMessage& message, const Limits& limits) const {
  if (!redelivers()) return QueueHandle::get_message(message, limits);
  auto& flags = check_open(limits.verb);
  JoinableBody& queue = joinable_at(body());
  bool taken = ring::limited(limits.until.deadline, false, [&] { return queue::take_lease(queue, message, limits); });
  watch::note_taking(*this, watch::LocalState(flags));
  return taken;
}

// ---- joining --------------------------------------------------------------------------------------------------------

void JoinableHandle::task_done_core(Deadline deadline) const {
  check_open("task_done");
  enum class Outcome { done, too_often, too_late };
  auto finish = [&] { return queue::finish_item(joinable_at(body())) ? Outcome::done : Outcome::too_often; };
  Outcome outcome = ring::limited(deadline, Outcome::too_late, finish);
  if (outcome == Outcome::too_late)
    throw TimeoutError(operation("task_done"), "",
                       "another process, which may be stopped, was in the middle of a call; nothing was done");
  if (outcome == Outcome::too_often)
    throw ValueError(operation("task_done"), "", "it was called more often than items were taken");
}

bool JoinableHandle::join_core(const Limits& limits) const {
  check_open("join");
  const bool finished = queue::wait_until_finished(joinable_at(body()), limits);
  if (!finished && limits.until.stopped()) throw_stopped(operation(limits.verb));
  return finished;
}

}  // namespace cohort::detail
