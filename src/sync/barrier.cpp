// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/barrier.hpp"

#include <array>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "sync/barrier_core.hpp"

namespace cohort {

namespace {

using sync::BarrierBody;
using sync::BarrierCore;

BarrierBody& body_of(void* body) { return *static_cast<BarrierBody*>(body); }

// The bytes of BarrierBody::action: who is to be called, then its state.
constexpr std::size_t kIdBytes = sizeof(CallableId);
static_assert(std::is_trivially_copyable_v<CallableId>);

void store_action(BarrierBody& body, detail::BarrierAction& action) {
  auto state = action.state.bytes();
  if (kIdBytes + state.size() > BarrierBody::kActionBytes)
    throw ValueError("Barrier", std::to_string(state.size()) + " bytes", "the action's state is too long");
  std::memcpy(body.action, &action.callable, kIdBytes);
  if (!state.empty()) std::memcpy(body.action + kIdBytes, state.data(), state.size());
  // relaxed: nobody sees it yet
  body.action_size.store(static_cast<std::uint32_t>(kIdBytes + state.size()), std::memory_order_relaxed);
}

using Attachments = std::vector<Encoder::Attachment>;

// The objects that the action refers to. They stay alive as long as the barrier does.
std::shared_ptr<const Attachments> attachments_of(const std::shared_ptr<detail::BarrierAction>& action) {
  return std::make_shared<Attachments>(action ? action->state.take_attachments() : Attachments{});
}

// After the barrier is listed, so that whoever dies here leaves a parcel that is named by a ledger or by an object.
void keep_alive(BarrierBody& body, const Attachments& attachments) {
  if (attachments.empty()) return;
  std::vector<family::Offset> objects;
  objects.reserve(attachments.size());
  for (const auto& one : attachments) objects.push_back(one.object);
  object::Parcel parcel(objects);
  COHORT_CRASH_POINT("sync.barrier.action_held");
  parcel.give_to(body.action_parcel);
  COHORT_CRASH_POINT("sync.barrier.action_kept");
}

void call_action(const BarrierBody& body) {
  std::uint32_t size = body.action_size.load(std::memory_order_relaxed);  // relaxed: constant
  if (size < kIdBytes || size > BarrierBody::kActionBytes)
    throw StateError("Barrier.wait", "", "the action is unsound");
  CallableId id;
  std::memcpy(&id, body.action, kIdBytes);
  const CallableDescriptor& descriptor = resolve_callable(id);
  Decoder in(std::span(body.action + kIdBytes, size - kIdBytes), DecodeLimits::within_family());
  VectorEncoder out;
  descriptor.call()(in, out);
}

void member_died(family::Offset, void* place, family::MemberId dead) {
  BarrierCore(body_of(place)).mend(sync::this_thread(), [dead](std::uint64_t thread) {
    return thread != 0 && sync::ThreadWord::unpack(thread).is_of(dead);
  });
}

void destroy(object::Destroyer& destroyer, void* place) { destroyer.free_parcel(body_of(place).action_parcel); }

const bool registered =
    object::register_object_kind(detail::ObjectKind::barrier, {.member_died = member_died, .destroy = destroy});

std::uint32_t checked(int parties) {
  // The most that members and their threads could come to; keeps the sizes below sound.
  constexpr int kMost = 1 << 20;
  if (parties < 1 || parties > kMost)
    throw ValueError("Barrier", std::to_string(parties),
                     "a barrier has from 1 to " + std::to_string(kMost) + " parties");
  return static_cast<std::uint32_t>(parties);
}

int meet(BarrierBody& barrier, const Until& until) {
  BarrierCore core(barrier);
  auto run = [&barrier] { call_action(barrier); };
  BarrierCore::Action action(run);
  bool has_action = barrier.action_size.load(std::memory_order_relaxed) != 0;  // relaxed: constant
  auto outcome = core.wait(sync::this_thread(), until, has_action ? &action : nullptr);
  if (outcome.passed) return static_cast<int>(outcome.index);
  if (!outcome.came)
    throw TimeoutError("Barrier.wait", "",
                       "another party, which may be suspended, was just coming or going; this one has not come");
  if (outcome.stopped) detail::throw_stopped("Barrier.wait");
  throw BrokenBarrierError("Barrier.wait", "", "the barrier is broken");
}

}  // namespace

Barrier::Barrier(int parties, std::shared_ptr<detail::BarrierAction> action, BarrierOptions options)
    : SharedHandle(
          kKind, BarrierBody::size_for(checked(parties)),
          [parties, action, options](void* place) {
            auto* body = new (place) BarrierBody;
            // relaxed: all: nobody sees it yet
            body->parties.store(static_cast<std::uint32_t>(parties), std::memory_order_relaxed);
            body->timeout.store(options.timeout ? options.timeout->count() : -1, std::memory_order_relaxed);
            if (action) store_action(*body, *action);
          },
          [attachments = attachments_of(action)](void* place) { keep_alive(body_of(place), *attachments); }) {}

int Barrier::wait(const Until& until) {
  BarrierBody& barrier = body_of(body());
  std::int64_t timeout = barrier.timeout.load(std::memory_order_relaxed);  // relaxed: constant
  if (timeout < 0 || !until.deadline.is_never()) return meet(barrier, until);
  return meet(barrier, {until.stop, std::chrono::nanoseconds(timeout)});
}

void Barrier::abort() { BarrierCore(body_of(body())).abort(sync::this_thread()); }

void Barrier::reset() { BarrierCore(body_of(body())).reset(sync::this_thread()); }

int Barrier::parties() const {
  return static_cast<int>(body_of(body()).parties.load(std::memory_order_relaxed));  // relaxed: constant
}

int Barrier::n_waiting() const { return static_cast<int>(BarrierCore(body_of(body())).waiting()); }

bool Barrier::broken() const { return BarrierCore(body_of(body())).broken(sync::this_thread()); }

}  // namespace cohort
