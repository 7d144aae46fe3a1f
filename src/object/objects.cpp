// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "object/objects.hpp"

#include <algorithm>
#include <climits>
#include <new>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/local_objects.hpp"
#include "object/object_step.hpp"
#include "park/wait_word.hpp"

namespace cohort::object {

namespace {

static_assert(kObjectKinds <= kMostObjectKinds);

// Constant-initialised, so that it is there before any registration.
ObjectOperations operations[kMostObjectKinds];

constexpr std::uint32_t kFirstLedger = 62;  // with its head 512 bytes

}  // namespace

const ObjectOperations& operations_of(std::uint32_t kind) noexcept {
  return operations[kind < kMostObjectKinds ? kind : 0];
}

bool register_object_kind(ObjectKind kind, const ObjectOperations& given) noexcept {
  operations[static_cast<std::uint32_t>(kind)] = given;
  return true;
}

namespace {

// Who repairs it as a member looks at its flags under this lock, and leaves it to us from now on.
bool take_over(Family& family, MemberId dead, FunctionRef<bool()> take) {
  ObjectStep step(family);
  // relaxed: under the lock. Without a ledger it needs no member to be repaired by, or was repaired just now.
  if (family.member_words(dead)[kLedgerWord].load(std::memory_order_relaxed) == 0) return false;
  step.look_at_ledger_anew();
  return take();
}

constexpr family::LedgerOperations kLedgers{
    .joined = relist_local_objects,
    .member_died = [](Family& family, MemberId dead,
                      std::uint32_t flags) { return Objects(family).member_died(dead, flags); },
    .take_over = take_over};

// For a process that makes no object itself, and repairs after another.
const bool registered = (Family::keep_ledgers(kLedgers), true);

}  // namespace

// ---- objects -------------------------------------------------------------------------------------------------------

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
    std::uint32_t index = step.take_index(self);
    step.write(step.entry_at(index), object);
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

std::optional<Objects::Entry> Objects::refer(Offset object, std::uint64_t generation, ObjectKind kind) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (generation == 0 || this->generation(object) != generation) return std::nullopt;
  if (family_.at<ObjectHeader>(object)->kind != static_cast<std::uint32_t>(kind)) return std::nullopt;
  if (auto granted = step.take_granted(self, object)) return granted;
  return step.refer(self, object);
}

namespace {

// Entries of our ledger that are to go when the lock can be had. As the deferred blocks of family.cpp.
struct DeferredEntry {
  MemberId owner;
  Objects::Entry entry;
  bool is_parcel;
};
std::vector<DeferredEntry>& deferred_entries() {
  static auto* entries = new std::vector<DeferredEntry>;  // never destroyed: handles of static storage go later
  return *entries;
}
std::atomic<bool> any_deferred{false};

void defer(Objects::Entry entry, bool is_parcel) {
  family::DeferredTurn turn;
  deferred_entries().push_back({Family::self_or_nobody(), entry, is_parcel});
  any_deferred.store(true, std::memory_order_relaxed);  // relaxed: looked at again under the turn
}

}  // namespace

void Objects::drop(Entry entry) {
  try {
    LockDeadline soon(Deadline::now());
    drop_now(entry);
  } catch (const LockedOut&) {
    defer(entry, false);
    return;
  }
  do_deferred();
}

void Objects::free_parcel(Entry parcel) {
  try {
    LockDeadline soon(Deadline::now());
    free_parcel_now(parcel);
  } catch (const LockedOut&) {
    defer(parcel, true);
    return;
  }
  do_deferred();
}

void Objects::do_deferred() {
  // relaxed: a look
  if (!any_deferred.load(std::memory_order_relaxed)) [[likely]]
    return;
  std::vector<DeferredEntry> entries;
  {
    family::DeferredTurn turn;
    entries.swap(deferred_entries());
    any_deferred.store(false, std::memory_order_relaxed);  // relaxed: as above
  }
  bool locked_out = false;
  for (const DeferredEntry& one : entries) {
    // A copy of the process has nothing of its parent's to do.
    if (!(one.owner == Family::self_or_nobody())) continue;
    try {
      // One wait for all: who holds the lock may be stopped.
      if (locked_out) throw LockedOut();
      LockDeadline soon(Deadline::now());
      one.is_parcel ? free_parcel_now(one.entry) : drop_now(one.entry);
    } catch (const LockedOut&) {
      locked_out = true;
      defer(one.entry, one.is_parcel);
    }
  }
}

void Objects::drop_now(Entry entry) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (!step.has_ledger(self)) return;
  Offset at = step.entry_at(entry.index);
  // relaxed: under the lock
  if (step.word(at).load(std::memory_order_relaxed) != entry.object) return;
  step.drop_reference(at);
  step.give_back_index(entry.index);
  step.collect();
}

std::uint64_t Objects::count(ObjectKind kind) const noexcept {
  // relaxed: a statistic
  return family_.header().objects.live[static_cast<std::uint32_t>(kind)].load(std::memory_order_relaxed);
}

// ---- references in flight ------------------------------------------------------------------------------------------

Objects::Entry Objects::make_parcel(std::span<const Offset> objects) {
  MemberId self = family_.self();
  Offset parcel = family_.allocate_control((1 + objects.size()) * sizeof(std::uint64_t), self);
  Entry entry{parcel, 0};
  std::optional<ObjectStep> lock;
  try {
    lock.emplace(family_);
    entry.index = lock->take_index(self);
  } catch (...) {
    lock.reset();
    family_.free(parcel);
    throw;
  }
  ObjectStep& step = *lock;
  step.word(parcel).store(objects.size(), std::memory_order_relaxed);  // relaxed: published by the step
  step.write(step.entry_at(entry.index), parcel | kParcelTag);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.listed");
  family_.set_owner(parcel, kNobody);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    auto* header = family_.at<ObjectHeader>(objects[i]);
    step.write(parcel + (1 + i) * sizeof(std::uint64_t), objects[i]);
    // relaxed: under the lock
    step.write(step.offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.parcel.filled");
  }
  return entry;
}

void Objects::give_parcel(Entry parcel, std::span<const JournalWrite> also) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  (void)step.has_ledger(self);
  step.write(step.entry_at(parcel.index), 0);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.given");
  step.give_back_index(parcel.index);
}

Objects::Entry Objects::take_parcel(Offset parcel, std::span<const JournalWrite> also) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  Entry entry{parcel, step.take_index(self)};
  step.write(step.entry_at(entry.index), parcel | kParcelTag);
  for (const JournalWrite& write : also) step.write(write.at, write.value);
  step.commit();
  COHORT_CRASH_POINT("object.parcel.taken");
  return entry;
}

void Objects::free_parcel_now(Entry parcel) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (!step.has_ledger(self)) return;
  step.drop_parcel(step.entry_at(parcel.index));
  step.give_back_index(parcel.index);
  step.collect();
}

void Objects::settle() { ObjectStep step(family_); }

// ---- waits over several objects ------------------------------------------------------------------------------------

std::atomic<std::uint32_t>& Objects::watch_word() noexcept { return family_.header().objects.watch; }

void Objects::ring_watchers() noexcept {
  // SYNC(watch): release in WaitWord::notify() -> acquire load of the watcher; carries the change that it is to see
  park::WaitWord(watch_word(), park::Mark()).notify(INT_MAX);
}

// ---- members -------------------------------------------------------------------------------------------------------

bool Objects::member_died(MemberId dead, std::uint32_t flags) {
  auto& ledger_word = family_.member_words(dead)[kLedgerWord];
  if (ledger_word.load(std::memory_order_relaxed) == 0) return true;  // relaxed: set before its process ended
  MemberId self = family_.self();
  // First: every object repairs. Each is held by a reference of our own meanwhile, and no lock is.
  // Those of parcels, too: the handles of a message may be in use though they have no entries yet (lender.hpp).
  for (std::uint64_t i = 0, in_parcel = 0;;) {
    Entry pinned;
    std::uint32_t kind = 0;
    {
      ObjectStep step(family_);
      // Else the slot, and the ledger in it, may be somebody's who lives: one who took the member over, or came after it.
      if (!family_.is_still(dead, flags)) return false;
      Offset ledger = ledger_word.load(std::memory_order_relaxed);  // relaxed: under the lock
      if (ledger == 0) return true;                                 // another one has done all this
      if (i >= step.capacity_of(ledger)) break;
      std::uint64_t word =
          step.word(ObjectStep::entry_at(ledger, static_cast<std::uint32_t>(i))).load(std::memory_order_relaxed);
      if ((word & kParcelTag) != 0) {
        word = step.object_in_parcel(word & ~kParcelTag, ++in_parcel);
        if (word == 0) in_parcel = 0;
      }
      if (in_parcel == 0) ++i;
      if (word == 0 || generation(word) == 0) continue;
      kind = family_.at<ObjectHeader>(word)->kind;
      if (operations_of(kind).member_died == nullptr) continue;
      pinned = step.refer(self, word);
    }
    COHORT_CRASH_POINT("object.step.pinned");
    try {
      operations_of(kind).member_died(pinned.object, body(pinned.object), dead);
    } catch (...) {  // one that is locked out is begun anew
      drop(pinned);
      throw;
    }
    drop(pinned);
  }
  // Second: its references go.
  ObjectStep step(family_);
  if (!family_.is_still(dead, flags)) return false;
  Offset ledger = ledger_word.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (ledger == 0) return true;
  for (std::uint32_t i = 0; i < step.capacity_of(ledger); ++i) {
    Offset at = ObjectStep::entry_at(ledger, i);
    std::uint64_t word = step.word(at).load(std::memory_order_relaxed);  // relaxed: under the lock
    if (word == 0) continue;
    if ((word & kParcelTag) != 0)
      step.drop_parcel(at);
    else
      step.drop_reference(at);
    COHORT_CRASH_POINT("object.step.dropped");
  }
  step.collect();
  // From now on nobody looks at the ledger, and its block may go with the others.
  ledger_word.store(0, std::memory_order_relaxed);  // relaxed: under the lock
  step.forget_ledger(dead);
  return true;
}

void Objects::copy_ledger(MemberId child) {
  MemberId self = family_.self();
  ObjectStep step(family_);
  if (!step.has_ledger(self)) return;
  Offset from = step.ledger();
  std::uint32_t capacity = step.capacity_of(from);
  Offset to = step.make_ledger(child, capacity, false);
  for (std::uint32_t i = 0; i < capacity; ++i) {
    // relaxed: both: under the lock
    std::uint64_t word = step.word(ObjectStep::entry_at(from, i)).load(std::memory_order_relaxed);
    if (word == 0 || (word & kParcelTag) != 0) continue;
    auto& references = family_.at<ObjectHeader>(word)->references;
    step.write(ObjectStep::entry_at(to, i), word);
    step.write(step.offset_of(references), references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.ledger.copied");
  }
}

void Objects::grant(MemberId child, std::span<const Offset> objects) {
  if (objects.empty()) return;
  ObjectStep step(family_);
  auto capacity = static_cast<std::uint32_t>(std::max<std::size_t>(objects.size(), kFirstLedger));
  Offset to = step.make_ledger(child, capacity, true);
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    auto& references = family_.at<ObjectHeader>(objects[i])->references;
    step.write(ObjectStep::entry_at(to, i), objects[i]);
    // relaxed: under the lock
    step.write(step.offset_of(references), references.load(std::memory_order_relaxed) + 1);
    step.commit();
    COHORT_CRASH_POINT("object.ledger.granted");
  }
}

// ---- one step ------------------------------------------------------------------------------------------------------

namespace {

// What this process knows of its ledger; under the objects' lock, and nothing worth in a forked copy.
struct LocalLedger {
  std::uint64_t member = 0;
  Offset block = 0;
  std::uint32_t capacity = 0;
  std::vector<std::uint32_t> vacant;
  std::vector<std::uint32_t> granted;
};
LocalLedger& local_ledger() {
  static auto* ledger = new LocalLedger;  // never destroyed: handles of static storage go later
  return *ledger;
}

}  // namespace

ObjectStep::ObjectStep(Family& family)
    : family_(family), state_(family.header().objects), guard_(state_.lock, own_identity()) {
  if (guard_.damaged()) recover();
}

// A death in here leaves the lock with a dead holder and the journal as it is: the next one begins again.
void ObjectStep::recover() {
  // SYNC(journal): release store in commit() -> acquire here; carries the records
  std::uint64_t count = state_.recorded.load(std::memory_order_acquire);
  if (count <= kMostJournalWrites) apply(count);
  COHORT_CRASH_POINT("object.step.replayed");
  finish_freeing();
  collect();
  guard_.mark_repaired();
}

std::atomic<std::uint64_t>& ObjectStep::word(Offset at) {
  constexpr Offset kBegin = offsetof(family::Header, objects);
  if (at >= kBegin && at + sizeof(std::uint64_t) <= kBegin + sizeof(ObjectsState))
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(reinterpret_cast<std::byte*>(&family_.header()) + at);
  return *family_.at<std::atomic<std::uint64_t>>(at);
}

void ObjectStep::write(Offset at, std::uint64_t value) {
  if (count_ == kMostJournalWrites) throw ValueError("Objects", std::to_string(at), "too many writes for one step");
  (void)word(at);  // throws here, not in a repair
  // relaxed: both: published by the store of `recorded`
  state_.journal[count_].at.store(at, std::memory_order_relaxed);
  state_.journal[count_].value.store(value, std::memory_order_relaxed);
  ++count_;
}

void ObjectStep::commit() {
  std::uint64_t count = std::exchange(count_, 0);
  COHORT_CRASH_POINT("object.step.before_commit");
  // SYNC(journal): release here -> acquire in recover(); carries the records
  state_.recorded.store(count, std::memory_order_release);
  COHORT_CRASH_POINT("object.step.committed");
  apply(count);
}

void ObjectStep::apply(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    // relaxed: both: under the lock
    Offset at = state_.journal[i].at.load(std::memory_order_relaxed);
    // SYNC(journal): release here -> acquire of recover(), and of who reads such a word without the lock (a position)
    word(at).store(state_.journal[i].value.load(std::memory_order_relaxed), std::memory_order_release);
    COHORT_CRASH_POINT("object.step.applied");
  }
  // SYNC(journal): keeps the writes before it for whoever repairs after us
  state_.recorded.store(0, std::memory_order_release);
}

void ObjectStep::count_live(ObjectKind kind, int change) {
  auto& live = state_.live[static_cast<std::uint32_t>(kind) % kMostObjectKinds];
  // relaxed: under the lock
  write(offset_of(live), live.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change));
}

Offset ObjectStep::offset_of(const std::atomic<std::uint64_t>& place) const { return family_.offset_of(&place); }

// ---- the ledger ----------------------------------------------------------------------------------------------------

std::uint32_t ObjectStep::capacity_of(Offset ledger) {
  std::uint64_t capacity = word(ledger).load(std::memory_order_relaxed) & ~kGranted;  // relaxed: constant
  std::uint64_t room = family_.block_size(ledger) / sizeof(std::uint64_t);
  return static_cast<std::uint32_t>(capacity < room ? capacity : room - 1);
}

bool ObjectStep::has_ledger(MemberId self) {
  LocalLedger& local = local_ledger();
  if (local.member == self.pack()) return local.block != 0;
  local.member = self.pack();
  local.vacant.clear();
  local.granted.clear();
  // relaxed: all: under the lock
  local.block = family_.member_words(self)[kLedgerWord].load(std::memory_order_relaxed);
  local.capacity = local.block != 0 ? capacity_of(local.block) : 0;
  bool granted = local.block != 0 && (word(local.block).load(std::memory_order_relaxed) & kGranted) != 0;
  for (std::uint32_t i = local.capacity; i-- > 0;) {
    if (word(entry_at(local.block, i)).load(std::memory_order_relaxed) == 0)
      local.vacant.push_back(i);
    else if (granted)
      local.granted.push_back(i);
  }
  return local.block != 0;
}

Offset ObjectStep::ledger() const { return local_ledger().block; }
Offset ObjectStep::entry_at(std::uint32_t index) const { return entry_at(local_ledger().block, index); }

std::optional<Objects::Entry> ObjectStep::take_granted(MemberId self, Offset object) {
  if (!has_ledger(self)) return std::nullopt;
  auto& granted = local_ledger().granted;
  for (auto at = granted.begin(); at != granted.end(); ++at) {
    std::uint32_t index = *at;
    if (word(entry_at(index)).load(std::memory_order_relaxed) != object) continue;  // relaxed: under the lock
    granted.erase(at);
    return Objects::Entry{object, index};
  }
  return std::nullopt;
}

Offset ObjectStep::make_ledger(MemberId owner, std::uint32_t capacity, bool granted) {
  Family::keep_ledgers(kLedgers);  // this may be before the registrations at namespace scope
  Offset block = family_.allocate_control((1 + std::size_t{capacity}) * sizeof(std::uint64_t), owner);
  // relaxed: both: under the lock; the block goes with its member's
  word(block).store(granted ? capacity | kGranted : capacity, std::memory_order_relaxed);
  family_.member_words(owner)[kLedgerWord].store(block, std::memory_order_relaxed);
  return block;
}

std::uint32_t ObjectStep::take_index(MemberId self) {
  (void)has_ledger(self);
  LocalLedger& local = local_ledger();
  if (local.vacant.empty()) {
    std::uint32_t capacity = local.capacity == 0 ? kFirstLedger : local.capacity * 2 + 2;
    local.vacant.reserve(capacity);
    Family::keep_ledgers(kLedgers);  // as in make_ledger()
    Offset old = local.block;
    Offset block = family_.allocate_control_to_take((1 + std::size_t{capacity}) * sizeof(std::uint64_t), self);
    // relaxed: all: under the lock; the one store that counts is the last
    word(block).store(capacity, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < local.capacity; ++i)
      word(entry_at(block, i)).store(word(entry_at(old, i)).load(std::memory_order_relaxed), std::memory_order_relaxed);
    COHORT_CRASH_POINT("object.ledger.grown");
    // SYNC(journal): release -> the objects' lock, and recover(); keeps the copies before it for whoever repairs after us
    family_.member_words(self)[kLedgerWord].store(block, std::memory_order_release);
    for (std::uint32_t i = capacity; i-- > local.capacity;) local.vacant.push_back(i);
    local.block = block;
    local.capacity = capacity;
    if (old != 0) family_.free(old);
  }
  std::uint32_t index = local.vacant.back();
  local.vacant.pop_back();
  return index;
}

void ObjectStep::give_back_index(std::uint32_t index) { local_ledger().vacant.push_back(index); }

void ObjectStep::forget_ledger(MemberId member) {
  LocalLedger& local = local_ledger();
  if (local.member != member.pack()) return;
  Offset block = std::exchange(local.block, 0);
  local.capacity = 0;
  local.vacant.clear();
  local.granted.clear();
  if (block != 0) family_.free(block);
}

void ObjectStep::look_at_ledger_anew() noexcept { local_ledger().member = 0; }

// ---- references ----------------------------------------------------------------------------------------------------

Objects::Entry ObjectStep::refer(MemberId self, Offset object) {
  auto* header = family_.at<ObjectHeader>(object);
  std::uint32_t index = take_index(self);
  write(entry_at(index), object);
  // relaxed: under the lock
  write(offset_of(header->references), header->references.load(std::memory_order_relaxed) + 1);
  commit();
  return {object, index};
}

void ObjectStep::drop_reference(Offset at) {
  Offset object = word(at).load(std::memory_order_relaxed);  // relaxed: under the lock
  if (object == 0) return;
  write(at, 0);
  if (Objects(family_).generation(object) != 0) {
    auto* header = family_.at<ObjectHeader>(object);
    std::uint64_t references = header->references.load(std::memory_order_relaxed);  // relaxed: under the lock
    write(offset_of(header->references), references - 1);
    if (references == 1) {
      write(offset_of(header->generation), 0);
      // relaxed: under the lock
      write(offset_of(header->next), state_.dying.load(std::memory_order_relaxed));
      write(offset_of(state_.dying), object);
      // An object of the table of statics is not counted.
      if (header->is_static == 0) count_live(static_cast<ObjectKind>(header->kind), -1);
    }
  }
  commit();
}

Offset ObjectStep::object_in_parcel(Offset parcel, std::uint64_t place) {
  std::uint64_t room = family_.block_size(parcel) / sizeof(std::uint64_t) - 1;
  // relaxed: both: under the lock
  if (place > room || place > word(parcel).load(std::memory_order_relaxed)) return 0;
  return word(parcel + place * sizeof(std::uint64_t)).load(std::memory_order_relaxed);
}

void ObjectStep::drop_parcel(Offset at) {
  Offset parcel = word(at).load(std::memory_order_relaxed) & ~kParcelTag;  // relaxed: under the lock
  if (parcel == 0) return;
  std::uint64_t count = word(parcel).load(std::memory_order_relaxed);  // relaxed: constant
  std::uint64_t room = family_.block_size(parcel) / sizeof(std::uint64_t) - 1;
  for (std::uint64_t i = 0; i < count && i < room; ++i) drop_reference(parcel + (1 + i) * sizeof(std::uint64_t));
  free_named(at, parcel);
}

// ---- destruction ---------------------------------------------------------------------------------------------------

void ObjectStep::finish_freeing() {
  Offset block = state_.freeing.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (block == 0) return;
  // Who has it now is told by its owner: ours as long as it is not freed.
  bool ours = false;
  try {
    ours = family_.owner(block) == kBeingFreed;
  } catch (const ValueError&) {  // NOLINT(bugprone-empty-catch): it is free
  }
  if (ours) family_.free(block);
  state_.freeing.store(0, std::memory_order_relaxed);  // relaxed: under the lock
}

void ObjectStep::free_named(Offset at, Offset block) {
  try {
    family_.set_owner(block, kBeingFreed);
  } catch (const ValueError&) {  // a stray write: forget it
    write(at, 0);
    commit();
    return;
  }
  COHORT_CRASH_POINT("object.step.marked");
  write(at, 0);
  write(offset_of(state_.freeing), block);
  commit();
  finish_freeing();
}

void ObjectStep::collect() {
  // relaxed: under the lock
  while (Offset object = state_.dying.load(std::memory_order_relaxed)) {
    auto* header = family_.at<ObjectHeader>(object);
    const ObjectOperations& operations = operations_of(header->kind);
    if (operations.destroy != nullptr) {
      Destroyer destroyer(*this);
      try {
        operations.destroy(destroyer, header + 1);
      } catch (...) {  // NOLINT(bugprone-empty-catch)
        // Its memory is damaged. What it names is lost until the family ends, but no other object may wait for that.
      }
      // What it dropped may stand before it in the list now.
      if (state_.dying.load(std::memory_order_relaxed) != object) continue;
    }
    COHORT_CRASH_POINT("object.destroyed");
    family_.set_owner(object, kBeingFreed);
    header->magic.store(0, std::memory_order_relaxed);  // relaxed: under the lock
    write(offset_of(state_.dying), header->next.load(std::memory_order_relaxed));
    write(offset_of(state_.freeing), object);
    commit();
    finish_freeing();
  }
}

void Destroyer::free_block(std::atomic<std::uint64_t>& word) {
  // relaxed: nobody refers to the object any more
  if (Offset block = word.load(std::memory_order_relaxed); block != 0) step_.free_named(step_.offset_of(word), block);
}

void Destroyer::free_parcel(std::atomic<std::uint64_t>& word) { step_.drop_parcel(step_.offset_of(word)); }

}  // namespace cohort::object
