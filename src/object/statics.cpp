// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of statics: which object is at which place of static storage. docs/formats/shared-objects.md, "Turns".
#include <algorithm>
#include <cstddef>

#include "base/crash_point.hpp"
#include "family/family.hpp"
#include "object/object_step.hpp"
#include "object/objects.hpp"

namespace cohort::object {

namespace {

// A block of the table of statics.
struct StaticsBlock {
  static constexpr std::size_t kEntries = 25;
  struct Entry {
    // `turns` is one more than the turn of the object, or of the next one while `object` is 0; its first store, in one
    // step with the object's, makes the entry count.
    std::atomic<std::uint64_t> module[2], offset, object, turns;
  };
  std::atomic<std::uint64_t> next, reserved[2];
  Entry entries[kEntries];
};
static_assert(sizeof(StaticsBlock) == 1024);

// The entry of a place, or nullptr, and then `vacant` is one that is free, if there is one.
StaticsBlock::Entry* find_static(ObjectStep& step, const Objects::StaticKey& key, StaticsBlock::Entry** vacant) {
  Family& family = step.family();
  // relaxed: all: under the lock
  for (Offset at = step.state().statics.load(std::memory_order_relaxed); at != 0;) {
    auto* block = family.at<StaticsBlock>(at);
    for (auto& entry : block->entries) {
      if (entry.turns.load(std::memory_order_relaxed) == 0) {
        *vacant = &entry;
        break;
      }
      if (entry.module[0].load(std::memory_order_relaxed) == key.module[0] &&
          entry.module[1].load(std::memory_order_relaxed) == key.module[1] &&
          entry.offset.load(std::memory_order_relaxed) == key.offset)
        return &entry;
    }
    at = block->next.load(std::memory_order_relaxed);  // relaxed: under the lock
  }
  return nullptr;
}

// Whether what the entry has is what a handle of that key means.
enum class Meant { this_object, none_yet, another };
Meant meant_by(const Objects::StaticKey& key, const StaticsBlock::Entry* entry) {
  if (entry == nullptr) return Meant::none_yet;
  std::uint64_t turn = entry->turns.load(std::memory_order_relaxed) - 1;  // relaxed: under the lock
  if (key.inherited && turn > key.turn) return Meant::another;
  bool there = entry->object.load(std::memory_order_relaxed) != 0;  // relaxed: under the lock
  return there && turn >= key.turn ? Meant::this_object : Meant::none_yet;
}

// Word of an object's header that holds its kind and whether it is static.
constexpr Offset kKindWord = offsetof(ObjectHeader, kind);
constexpr std::uint64_t kind_word(std::uint32_t kind, bool is_static) noexcept {
  return kind | static_cast<std::uint64_t>(is_static) << 32;
}

// The family has no object at that place any more; the next one has at least that turn. One that others refer to is an
// object like any other from here on.
void end_object_of(ObjectStep& step, StaticsBlock::Entry& entry, std::uint64_t next_turn) {
  Offset object = entry.object.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (object == 0) return;
  auto* header = step.family().at<ObjectHeader>(object);
  step.write(step.offset_of(entry.turns), next_turn + 1);
  if (header->references.load(std::memory_order_relaxed) != 1) {  // relaxed: under the lock
    step.write(object + kKindWord, kind_word(header->kind, false));
    step.count_live(static_cast<ObjectKind>(header->kind), +1);
  }
  // Commits all of it.
  step.drop_reference(step.offset_of(entry.object));
}

StaticsBlock::Entry* add_statics_block(ObjectStep& step, MemberId self) {
  Family& family = step.family();
  family::ObjectsState& state = step.state();
  // Ours until `freeing` names it, then being freed until it is in the list: a death has it freed either way.
  Offset block = family.allocate_control(sizeof(StaticsBlock), self);
  COHORT_CRASH_POINT("object.statics.allocated");
  step.write(step.offset_of(state.freeing), block);
  step.commit();
  COHORT_CRASH_POINT("object.statics.named");
  family.set_owner(block, family::kBeingFreed);
  COHORT_CRASH_POINT("object.statics.marked");
  auto* made = family.at<StaticsBlock>(block);
  // relaxed: both: under the lock
  made->next.store(state.statics.load(std::memory_order_relaxed), std::memory_order_relaxed);
  step.write(step.offset_of(state.statics), block);
  step.write(step.offset_of(state.freeing), 0);
  step.commit();
  family.set_owner(block, kNobody);
  return &made->entries[0];
}

// Makes the object the one of that place. `entry`: that of the place, or a free one, or nullptr when all are taken.
void list_static(ObjectStep& step, const Objects::StaticKey& key, StaticsBlock::Entry* entry, Offset object) {
  Family& family = step.family();
  // relaxed: all: under the lock; a new entry counts from the step on
  if (entry == nullptr) entry = add_statics_block(step, family.self());
  if (std::uint64_t turns = entry->turns.load(std::memory_order_relaxed)) {
    // The turn is never less than that of an object which is over.
    end_object_of(step, *entry, std::max(turns, key.turn));
    turns = entry->turns.load(std::memory_order_relaxed);
    step.write(step.offset_of(entry->turns), std::max(turns, key.turn + 1));
  } else {
    entry->module[0].store(key.module[0], std::memory_order_relaxed);
    entry->module[1].store(key.module[1], std::memory_order_relaxed);
    entry->offset.store(key.offset, std::memory_order_relaxed);
    step.write(step.offset_of(entry->turns), key.turn + 1);
  }
  auto* header = family.at<ObjectHeader>(object);
  step.write(object + kKindWord, kind_word(header->kind, true));
  step.write(step.offset_of(entry->object), object);
  // relaxed: under the lock
  step.write(step.offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
  step.count_live(static_cast<ObjectKind>(header->kind), -1);
  step.commit();
  COHORT_CRASH_POINT("object.static_listed");
  step.collect();
}

}  // namespace

Objects::Entry Objects::find_or_create_static(const StaticKey& key, FunctionRef<Entry()> make) {
  MemberId self = family_.self();
  StaticsBlock::Entry* vacant = nullptr;
  {
    ObjectStep step(family_);
    StaticsBlock::Entry* entry = find_static(step, key, &vacant);
    if (meant_by(key, entry) == Meant::this_object)
      return step.refer(self, entry->object.load(std::memory_order_relaxed));  // relaxed: under the lock
  }
  Entry made = make();
  Entry shared;
  {
    ObjectStep step(family_);
    vacant = nullptr;
    StaticsBlock::Entry* entry = find_static(step, key, &vacant);
    Meant meant = meant_by(key, entry);
    if (meant == Meant::another) return made;
    if (meant == Meant::none_yet) {
      list_static(step, key, entry != nullptr ? entry : vacant, made.object);
      return made;
    }
    // Another was quicker.
    shared = step.refer(self, entry->object.load(std::memory_order_relaxed));  // relaxed: under the lock
  }
  drop(made);
  return shared;
}

void Objects::end_static(const StaticKey& key, Offset object, bool listed) {
  ObjectStep step(family_);
  StaticsBlock::Entry* vacant = nullptr;
  StaticsBlock::Entry* entry = find_static(step, key, &vacant);
  if (entry == nullptr || entry->object.load(std::memory_order_relaxed) != object) return;  // relaxed: under the lock
  // The table's and our own.
  constexpr std::uint64_t kNobodyElse = 2;
  // relaxed: under the lock
  if (!listed && family_.at<ObjectHeader>(object)->references.load(std::memory_order_relaxed) > kNobodyElse) return;
  // relaxed: under the lock
  end_object_of(step, *entry, std::max(entry->turns.load(std::memory_order_relaxed), key.turn + 1));
  step.collect();
}

}  // namespace cohort::object
