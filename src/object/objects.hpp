// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Shared objects: the control blocks that locks, queues, values … are, who refers to them, and what happens to them
// when a process that refers to them dies.
//
//   Offset queue = objects.create(ObjectKind::queue, sizeof(QueueBody), [](void* body) { new (body) QueueBody; });
//   auto* body = static_cast<QueueBody*>(objects.body(queue));
//
// A reference is a 64-bit word in the family memory that holds the object's offset: an entry of a member's ledger, or
// of a parcel (references in flight). The object counts these words. Word and count change in one journalled step, so
// no death makes them differ. When the last word goes, the object is destroyed.
//
// Death: member_died() first has every object that the dead member referred to repaired (ObjectOperations), then drops
// its references, and only then are its blocks freed. docs/formats/shared-objects.md has the table.
// Threads: any. Locks: the objects' lock is taken inside a call only, never while user code or a repair runs; a body's
// own lock may be held by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "cohort/base/function_ref.hpp"
#include "cohort/object/object_kind.hpp"
#include "cohort/object/parcel.hpp"
#include "family/family.hpp"
#include "family/layout.hpp"
#include "family/lock.hpp"
#include "os/process_identity.hpp"

namespace cohort::object {

using family::Family;
using family::kNobody;
using family::LockDeadline;
using family::LockedOut;
using family::MemberId;
using family::Offset;

class Destroyer;
class ObjectStep;
struct WatchPoint;

/// What a kind of object does at the two ends that it does not see itself. Registered once a process, before main().
struct ObjectOperations {
  /// `dead` referred to this object and is gone for sure. Repairs what it left: hands on locks that it held, finishes
  /// or takes back what it had begun, wakes who waits for it, and gives to nobody (Family::set_owner) the blocks that
  /// the object names and that `dead` still owns: all others of its blocks are freed next.
  /// Called without locks, by any process, also by several at once, and again when a repairer dies.
  void (*member_died)(Offset object, void* body, MemberId dead) = nullptr;
  /// The last reference is gone: frees the blocks and drops the references that the body names, by the destroyer.
  /// Called under the objects' lock; called again, from the start, when the destroyer dies.
  void (*destroy)(Destroyer& destroyer, void* body) = nullptr;
  /// How a wait over several objects looks at this one (object/watch_point.hpp). Null: it cannot be waited for.
  WatchPoint (*watch_point)(void* body) = nullptr;
};

/// Makes the operations of a kind known. Call at namespace scope: `const bool registered = register_object_kind(…);`
bool register_object_kind(ObjectKind kind, const ObjectOperations& operations) noexcept;
/// What was registered for a kind.
[[nodiscard]] const ObjectOperations& operations_of(std::uint32_t kind) noexcept;

/// The start of every shared object's control block. The body follows at +64.
struct alignas(64) ObjectHeader {
  std::atomic<std::uint64_t> magic;       ///< kObjectMagic ^ own offset; constant
  std::atomic<std::uint64_t> generation;  ///< unique in the family; 0 from the last reference's end on
  std::atomic<std::uint64_t> references;  ///< words that hold this object's offset; under the objects' lock
  std::atomic<std::uint64_t> next;        ///< of the list of objects to destroy
  std::uint32_t kind;                     ///< ObjectKind; constant
  std::uint32_t is_static;                ///< 1: named by the table of statics; a step writes both words at once
  std::uint64_t body_size;                ///< constant
  std::atomic<std::uint32_t> watchers;    ///< waits over several objects that look at this one, or did when they died
  std::uint32_t reserved;
  std::uint64_t spare;
};
static_assert(sizeof(ObjectHeader) == 64);
inline constexpr std::uint64_t kObjectMagic = 0x4a424f5448484f43;  // "COHHTOBJ"

/// The header before a body.
[[nodiscard]] inline ObjectHeader& header_of(const void* body) noexcept {
  return *reinterpret_cast<ObjectHeader*>(reinterpret_cast<std::uintptr_t>(body) - sizeof(ObjectHeader));
}

/// The shared objects of a family. Holds nothing of its own: made where it is used, for one reference.
class Objects {
 public:
  explicit Objects(Family& family) noexcept : family_(family) {}
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;
  /// Those of this process's family. Throws as Family::instance().
  [[nodiscard]] static Objects instance() { return Objects(Family::instance()); }

  // ---- objects -------------------------------------------------------------------------------------------------

  /// A new object, referred to once by this process's ledger. `init` gets the zeroed body; when it throws, the block is
  /// freed again. Returns the object's offset and the index of the ledger's entry.
  struct Entry {
    Offset object = 0;
    std::uint32_t index = 0;  ///< in the ledger
  };
  Entry create(ObjectKind kind, std::size_t body_size, FunctionRef<void(void* body)> init);
  /// The object's place. Checks nothing but the range.
  [[nodiscard]] void* body(Offset object);
  /// Generation; 0 when it is not an object or is gone.
  [[nodiscard]] std::uint64_t generation(Offset object) noexcept;
  /// One more reference, in this process's ledger; nullopt when there is no such object (any more). Any offset is safe.
  std::optional<Entry> refer(Offset object, std::uint64_t generation, ObjectKind kind);
  /// Takes the ledger's entry away; may destroy the object. Where another process, which may be stopped, holds the lock
  /// for 20 ms, this process does it later, at the latest when it ends; so does free_parcel().
  void drop(Entry entry);
  /// A place of static storage: where in which module, and what this process knows of the objects that it has had
  /// there.
  struct StaticKey {
    std::uint64_t module[2] = {0, 0};
    std::uint64_t offset = 0;
    std::uint64_t turn = 0;  ///< how many objects this process had there before, counted over forks
    bool inherited = false;  ///< the handle was made before this process was forked, and not used yet
  };
  /// The object that the family has at that place now, made by `make` when there is none. An object of an earlier turn
  /// than the handle's is over: it is replaced. A later one is the place's, but not for an inherited handle, which gets
  /// one of its own.
  Entry find_or_create_static(const StaticKey& key, FunctionRef<Entry()> make);
  /// This process's handle at that place, which referred to `object`, has gone: the family has no object there any
  /// more, and those who refer to it keep it. Does nothing when another object is there by now, nor where others refer
  /// to it and this process has not `listed` it: their handles may be at that place still.
  void end_static(const StaticKey& key, Offset object, bool listed);

  // ---- references in flight ------------------------------------------------------------------------------------
  // A parcel (parcel.hpp) is a block that refers to objects, while a message that names them is under way.

  /// Completes what a process that died while it gave or took a parcel began. For repairs that look at words which
  /// such a step writes.
  void settle();

  // ---- members -------------------------------------------------------------------------------------------------

  /// Step 1 and 2 of member_died() (see above). `flags` are Members::flags() from before its death was learnt.
  /// Returns: whether both are complete. False: somebody has taken the member over, and goes on
  bool member_died(MemberId dead, std::uint32_t flags);
  /// Gives `child` (reserved, about to be forked from this process) a ledger equal to ours.
  void copy_ledger(MemberId child);
  /// Gives `child` (reserved, about to be started as another program) a reference to each object, all of which this
  /// process refers to. Its first refer() of each takes the reference over.
  void grant(MemberId child, std::span<const Offset> objects);

  // ---- waits over several objects -----------------------------------------------------------------------------
  // Who waits for one of many counts itself in the watchers of each, looks at all of them, and sleeps on one word that
  // the whole family has. Who makes an object ready rings when somebody watches it. A dead watcher costs needless
  // ringing, nothing else.

  /// The word to sleep on; see ring().
  [[nodiscard]] std::atomic<std::uint32_t>& watch_word() noexcept;
  /// Has all who wait for several objects look again. After a change that made `body` ready; between the two lies a
  /// sequentially consistent fence. Cost: one load when nobody watches.
  void ring(const void* body) noexcept {
    // SYNC(watch): the caller's fence after its change, the watcher's after its count: one of them sees the other
    if (header_of(body).watchers.load(std::memory_order_relaxed) != 0) ring_watchers();
  }

  // ---- inspection ----------------------------------------------------------------------------------------------

  /// Live objects of a kind, statics left out.
  [[nodiscard]] std::uint64_t count(ObjectKind kind) const noexcept;

 private:
  friend class Destroyer;
  friend class ObjectStep;
  friend class Parcel;
  void ring_watchers() noexcept;
  void drop_now(Entry entry);
  /// Drops the references of a parcel of ours, and the parcel.
  void free_parcel(Entry parcel);
  void free_parcel_now(Entry parcel);
  void do_deferred();

  Family& family_;
};

/// What ObjectOperations::destroy frees by. Each call is one step that a death leaves done or not begun.
class Destroyer {
 public:
  /// Frees the block that `word` names (0: nothing) and sets the word to 0.
  void free_block(std::atomic<std::uint64_t>& word);
  /// Drops the parcel that `word` names (0: nothing), with its references, and sets the word to 0.
  void free_parcel(std::atomic<std::uint64_t>& word);

 private:
  friend class Objects;
  friend class ObjectStep;
  explicit Destroyer(ObjectStep& step) noexcept : step_(step) {}
  ObjectStep& step_;
};

}  // namespace cohort::object
