// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/event.hpp"

#include <new>

#include "object/objects.hpp"
#include "object/watch_point.hpp"
#include "sync/event_core.hpp"

namespace cohort {

namespace {

sync::EventBody& body_of(void* body) { return *static_cast<sync::EventBody*>(body); }

object::WatchPoint watch_point(void* body) {
  auto ready = [](const object::WatchPoint& point) noexcept { return sync::EventCore::is_set(body_of(point.body)); };
  return {.body = body, .ready = ready};
}

const bool registered = object::register_object_kind(detail::ObjectKind::event, {.watch_point = watch_point});

}  // namespace

Event::Event() : SharedHandle(kKind, sizeof(sync::EventBody), [](void* body) { new (body) sync::EventBody; }) {}

bool Event::is_set() const { return sync::EventCore::is_set(body_of(body())); }

void Event::set() {
  sync::EventBody& event = body_of(body());
  sync::EventCore::set(event, sync::this_thread());
  // SYNC(watch): between the store of the state and the look at the watchers
  std::atomic_thread_fence(std::memory_order_seq_cst);
  object::Objects::instance().ring(&event);
}

void Event::clear() { sync::EventCore::clear(body_of(body())); }

bool Event::wait(const Until& until) const {
  return sync::succeeded(sync::EventCore::wait(body_of(body()), until), "Event.wait");
}

}  // namespace cohort
