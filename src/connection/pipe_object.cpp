// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/pipe_object.hpp"

#include <array>
#include <cstring>
#include <new>

#include "base/crash_point.hpp"
#include "connection/lane.hpp"
#include "connection/message_pieces.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "ring/ring.hpp"
#include "ring/watch_side.hpp"

namespace cohort::connection {

using family::Family;
using object::JournalWrite;
using object::ObjectKind;
using object::Objects;

object::WatchPoint watch_point_of(const EndBody& end) {
  Lane lane(pipe_of(end), end.end);
  auto ready = [](const object::WatchPoint& point) noexcept {
    return Lane(*static_cast<PipeBody*>(point.body), point.which).can_receive();
  };
  object::WatchPoint point{.body = &lane.pipe(), .which = lane.to(), .ready = ready};
  ring::watch_side(point, lane.ring().in);
  return point;
}

PipeBody& pipe_of(const EndBody& end) { return *static_cast<PipeBody*>(Objects::instance().body(end.pipe)); }

namespace {

EndBody& end_of(void* body) { return *static_cast<EndBody*>(body); }

void end_member_died(family::Offset, void* body, family::MemberId dead) {
  EndBody& end = end_of(body);
  if (end.parcel.load(std::memory_order_relaxed) == 0) return;  // relaxed: set before anybody else knew the end
  PipeBody& pipe = pipe_of(end);
  for (std::uint32_t to : {0U, 1U}) {
    repair_after(pipe.ring[to], dead);
    repair_pieces(Lane(pipe, to), dead);
  }
}

void destroy_end(object::Destroyer& destroyer, void* body) {
  EndBody& end = end_of(body);
  if (end.parcel.load(std::memory_order_relaxed) == 0) return;  // relaxed: nobody refers to the end any more
  PipeBody& pipe = pipe_of(end);
  // SYNC(closed): release here -> acquire in Lane::is_closed(); carries all that was sent through this end
  pipe.closed[end.end & 1].store(1, std::memory_order_release);
  COHORT_CRASH_POINT("channel.pipe.closed");
  wake_all(pipe);
  COHORT_CRASH_POINT("channel.pipe.close_told");
  destroyer.free_parcel(end.parcel);
}

void destroy_pipe(object::Destroyer& destroyer, void* body) {
  auto& pipe = *static_cast<PipeBody*>(body);
  destroy(pipe.ring[0], destroyer);
  COHORT_CRASH_POINT("channel.pipe.half_destroyed");
  destroy(pipe.ring[1], destroyer);
  for (auto& receiving : pipe.receiving)
    // relaxed: nobody else is here
    if (receiving.begun.load(std::memory_order_relaxed) != 0) destroyer.free_block(receiving.begun);
}

const bool kEndsKnown = object::register_object_kind(
    ObjectKind::connection, {.member_died = end_member_died, .destroy = destroy_end, .watch_point = [](void* body) {
                               return watch_point_of(end_of(body));
                             }});
const bool kPipesKnown =
    object::register_object_kind(ObjectKind::pipe, {.member_died = nullptr, .destroy = destroy_pipe});

// An object of ours, with a reference in our ledger until this goes.
class Made {
 public:
  explicit Made(Objects::Entry entry) noexcept : entry_(entry) {}
  ~Made() {
    try {
      Objects::instance().drop(entry_);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // The reference goes with this process.
    }
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  [[nodiscard]] family::Offset object() const noexcept { return entry_.object; }

 private:
  Objects::Entry entry_;
};

PipeEnd make_end(family::Offset pipe, std::uint32_t which, std::uint32_t mode) {
  auto& family = Family::instance();
  auto objects = object::Objects::instance();
  Made end(objects.create(ObjectKind::connection, sizeof(EndBody), [&](void* body) {
    EndBody& made = end_of(body);
    made.pipe = pipe;
    made.end = which;
    made.mode = mode;
  }));
  std::array<family::Offset, 1> named{pipe};
  object::Parcel(named).give_to(end_of(objects.body(end.object())).parcel);
  COHORT_CRASH_POINT("channel.pipe.end_made");
  detail::HandleName name;
  auto id = family.id();
  std::memcpy(name.family, id.data(), sizeof name.family);
  name.offset = end.object();
  name.generation = objects.generation(end.object());
  name.kind = static_cast<std::uint32_t>(PipeEnd::kKind);
  return PipeEnd(name);
}

}  // namespace

std::pair<PipeEnd, PipeEnd> make_pipe(bool duplex, std::uint64_t capacity) {
  auto objects = Objects::instance();
  Made pipe(objects.create(ObjectKind::pipe, sizeof(PipeBody), [&](void* body) {
    auto* made = new (body) PipeBody{};
    made->capacity = capacity;
    made->piece = kPiece;
    // What a send notifies.
    for (ring::RingBody& ring : made->ring) ring.in.object = Family::instance().offset_of(body);
  }));
  COHORT_CRASH_POINT("channel.pipe.made");
  std::uint32_t both = kMayReceive | kMaySend;
  PipeEnd first = make_end(pipe.object(), 0, duplex ? both : kMayReceive);
  return {std::move(first), make_end(pipe.object(), 1, duplex ? both : kMaySend)};
}

}  // namespace cohort::connection
