// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/objects.hpp"

#include <climits>
#include <new>

#include "base/crash_point.hpp"
#include "object/object_step.hpp"
#include "park/wait_word.hpp"

namespace cohort::object {

namespace {

static_assert(kObjectKinds <= family::kMostObjectKinds);

// Constant-initialised, so that it is there before any registration.
ObjectOperations operations[family::kMostObjectKinds];

}  // namespace

const ObjectOperations& operations_of(std::uint32_t kind) noexcept {
  return operations[kind < family::kMostObjectKinds ? kind : 0];
}

bool register_object_kind(ObjectKind kind, const ObjectOperations& given) noexcept {
  operations[static_cast<std::uint32_t>(kind)] = given;
  return true;
}

Objects::Entry Objects::create(ObjectKind kind, std::size_t body_size, FunctionRef<void(void*)> init) {
  MemberId self = family_.self();
  Offset object = family_.allocate_control(sizeof(ObjectHeader) + body_size, self);
  COHORT_CRASH_POINT("object.allocated");
  try {
    std::byte* place = family_.address(object, sizeof(ObjectHeader) + body_size);
    auto* header = reinterpret_cast<ObjectHeader*>(place);
    // relaxed: all: nobody knows the block; the step below publishes it
    header->magic.store(kObjectMagic ^ object, std::memory_order_relaxed);
    header->generation.store(family_.next_generation(), std::memory_order_relaxed);
    header->kind = static_cast<std::uint32_t>(kind);
    header->body_size = body_size;
    init(place + sizeof(ObjectHeader));
    ObjectStep step(family_);
    std::uint32_t index = step.ledger().take_index(self);
    step.write(step.ledger().entry_at(index), object);
    step.write(step.offset_of(header->references), 1);
    step.count_live(kind, +1);
    step.commit();
    COHORT_CRASH_POINT("object.listed");
    // Until here it is freed with our blocks; from the step on, by the end of its references.
    family_.set_owner(object, kNobody);
    return {object, index};
  } catch (...) {
    family_.free(object);
    throw;
  }
}

void* Objects::body(Offset object) { return family_.address(object, sizeof(ObjectHeader)) + sizeof(ObjectHeader); }

std::uint64_t Objects::generation(Offset object) noexcept {
  try {
    if (family_.block_size(object) < sizeof(ObjectHeader)) return 0;
    auto* header = family_.at<ObjectHeader>(object);
    // relaxed: under the lock, or a look whose answer may be old
    if (header->magic.load(std::memory_order_relaxed) != (kObjectMagic ^ object)) return 0;
    return header->generation.load(std::memory_order_relaxed);
  } catch (...) { return 0; }
}

std::uint64_t Objects::count(ObjectKind kind) const noexcept {
  // relaxed: a statistic
  return family_.header().objects.live[static_cast<std::uint32_t>(kind)].load(std::memory_order_relaxed);
}

// ---- waits over several objects ------------------------------------------------------------------------------------

std::atomic<std::uint32_t>& Objects::watch_word() noexcept { return family_.header().objects.watch; }

void Objects::ring_watchers() noexcept {
  // SYNC(watch): release in WaitWord::notify() -> acquire load of the watcher; carries the change that it is to see
  park::WaitWord(watch_word(), park::Mark()).notify(INT_MAX);
}

}  // namespace cohort::object
