// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The family memory of this process: one memory object, its blocks, and the table of its members.
//
//   Family& family = Family::instance();                      // the root makes it on first use
//   Offset at = family.allocate(1000, family.self());
//   std::memcpy(family.address(at, 1000), data, 1000);
//   family.set_owner(at, kNobody);                            // handed to a queue
//
// Death: a process may be killed between any two instructions of any call. The others go on; what the dead one held
// is repaired by the next who needs it, or by member_died(). docs/formats/family-memory.md has the table.
// Threads: every call may be made by any thread. Not from signal handlers.
// Fork: a process forked by code that is not Cohort's finds the memory mapped but is not a member; self() joins it as a
// new one. A child that Cohort forked calls become() first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cohort/family/family_memory.hpp"
#include "family/blocks.hpp"
#include "family/layout.hpp"
#include "family/ledger_operations.hpp"
#include "family/members.hpp"
#include "family/windows.hpp"
#include "os/fd.hpp"
#include "os/process_identity.hpp"

namespace cohort::family {

class Family {
 public:
  /// The family of this process. The first use in a process that neither adopted nor inherited one makes it the root
  /// of a new family.
  /// @throws StateError after leave(); OsError that names the limit when no memory could be reserved
  static Family& instance();
  /// True when instance() would neither create nor throw.
  [[nodiscard]] static bool exists() noexcept;
  /// Joins the family in `memory` (a re-executed child, before it uses the library). The process is not a member yet:
  /// become() or self() makes it one.
  /// @throws IncompatibleError when the memory is not a family's, or another version's, or of another pid namespace;
  ///         StateError when this process has a family; OsError when its address space cannot hold the reservation
  static void adopt(os::Fd memory);

  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  /// The memory object's descriptor, close-on-exec; pass it to a re-executed child, who adopts it.
  [[nodiscard]] int fd() const noexcept { return windows_->fd(); }
  /// False when the program has closed that descriptor: nothing new can be mapped then, nor passed to a re-executed
  /// child. Two system calls.
  [[nodiscard]] bool has_descriptor() const noexcept { return windows_->has_descriptor(); }
  /// What the system knows the memory object by (os::memory_number), whatever became of the descriptor.
  [[nodiscard]] std::uint64_t memory_number() const noexcept { return windows_->memory_number(); }
  /// True when `fd` is a family's memory, as far as its seals and its first bytes tell. Maps nothing.
  [[nodiscard]] static bool is_family_memory(int fd) noexcept;
  /// 128 random bits that name the family.
  [[nodiscard]] std::array<std::byte, 16> id() const noexcept { return windows_->header().constants.id; }

  // ---- addresses -----------------------------------------------------------------------------------------------

  /// Where [offset, offset + size) lies in this process. Maps what is not mapped yet (2 µs a run of 1 MiB granules);
  /// else costs one load.
  /// @throws ValueError when the range is not wholly inside one of the two regions; OsError when mapping fails
  [[nodiscard]] std::byte* address(Offset offset, std::size_t size) { return windows_->address(offset, size); }
  /// The same, for an object of type T.
  template <class T>
  [[nodiscard]] T* at(Offset offset) {
    return reinterpret_cast<T*>(address(offset, sizeof(T)));
  }
  /// The offset of a place in the family memory. Throws ValueError for any other pointer.
  [[nodiscard]] Offset offset_of(const void* place) const;
  /// True when `place` lies in the family memory.
  [[nodiscard]] bool contains(const void* place) const noexcept;

  // ---- blocks --------------------------------------------------------------------------------------------------

  /// A block of at least `size` bytes (the next power of two, 64 at least), aligned to 64 and from one page on to the
  /// page, with undefined contents, owned by `owner`: it is freed when the owner dies or leaves, unless freed or
  /// handed over before. kNobody: until freed.
  /// @throws OutOfFamilyMemory when the budget or the reservation is exhausted; no page was touched
  /// Cost:   30 ns for sizes that were freed before; no system call but to map granules when first used
  [[nodiscard]] Offset allocate(std::size_t size, MemberId owner);
  /// The same for a control structure: zeroed, and out of reach of payload that overruns.
  [[nodiscard]] Offset allocate_control(std::size_t size, MemberId owner);
  /// The same two, for what taking something out needs: a place for what is taken, an entry of the ledger. They succeed
  /// also when the budget is used up, since what was taken makes room next.
  [[nodiscard]] Offset allocate_to_take(std::size_t size, MemberId owner);
  [[nodiscard]] Offset allocate_control_to_take(std::size_t size, MemberId owner);
  /// Frees a block of either kind. Where another process, which may be stopped, holds the lock for 20 ms, the block
  /// becomes this process's, which frees it later. Throws ValueError when `block` is not the start of an allocated
  /// block.
  void free(Offset block);
  /// Bytes in a block. Throws ValueError when `block` is not the start of an allocated block.
  [[nodiscard]] std::size_t block_size(Offset block);
  /// The owner of a block. Throws ValueError when `block` is not the start of an allocated block.
  [[nodiscard]] MemberId owner(Offset block);
  /// Hands a block over, whoever had it. One store: it is somebody's at every moment.
  void set_owner(Offset block, MemberId to);
  /// Hands a block over if `from` still owns it; false (and nothing done) when not, or when it is free by now.
  [[nodiscard]] bool set_owner(Offset block, MemberId from, MemberId to);
  /// A number that no other call in this family returns; not 0. For handles that must outlive a reuse of their block.
  [[nodiscard]] std::uint64_t next_generation() noexcept;

  // ---- members -------------------------------------------------------------------------------------------------

  /// This process. Joins the family when it has not yet, or when it is a copy that code other than Cohort's forked;
  /// where all slots are taken, the dead among them are repaired: 100 µs each, once in 4096.
  /// @throws OutOfFamilyMemory when all slots are taken; StateError after leave()
  MemberId self();
  /// This process if it is a member, else kNobody. Never joins, never throws: what destructors ask. In a thread that
  /// goes on in the place of a dead member: that member.
  [[nodiscard]] static MemberId self_or_nobody() noexcept;
  /// Prepares a slot for a child of `parent`. Its record is zeroed; write what the child needs into it.
  /// @throws OutOfFamilyMemory when all slots are taken (after sweeping up the dead)
  [[nodiscard]] MemberId reserve_member(MemberId parent);
  /// Called by the child: this process is `reserved` now. Raw system calls only; no allocation unless it throws.
  /// @throws StateError when the slot was given up meanwhile (the parent died and was swept up): exit then
  void become(MemberId reserved);
  /// The child never came to be: the slot is free again. Does nothing when it was claimed or given up.
  void abandon_member(MemberId reserved) noexcept;
  /// The shared record of a member. Throws ValueError when that generation of the slot is gone.
  [[nodiscard]] MemberRecord& member(MemberId id);
  /// The record of a slot, whoever's it is by now: for a caller that knows, or checks later, that the member is there.
  [[nodiscard]] MemberRecord& slot_record(MemberId id) noexcept { return members_.record(id.slot); }
  /// Whether nobody has taken the member over, or come after it: see Members::flags().
  [[nodiscard]] bool is_still(MemberId id, std::uint32_t flags) noexcept { return members_.is_still(id, flags); }
  /// The state of a member; free when that generation is gone.
  [[nodiscard]] MemberState member_state(MemberId id) noexcept;
  /// pid and start time of a member; {} while it is reserved or when it is gone.
  [[nodiscard]] os::ProcessIdentity identity(MemberId id) noexcept;
  /// Asks the system whether the member's process runs (10 µs). A reserved slot is alive while its parent is.
  [[nodiscard]] bool is_alive(MemberId id) noexcept;
  /// Repairs after a member's death: frees the blocks that it owns, and marks its slot dead (or frees it, where no
  /// parent waits). Idempotent: any number of processes may call it at once, and one that dies in it is simply followed
  /// by the next. Does nothing while the process runs.
  /// Returns: true when the member is gone for sure
  bool member_died(MemberId id);
  /// The slot of a member that is dead or has left is free again; what its record held is forgotten.
  void release_member(MemberId id) noexcept;
  /// All of this for the record of a child of ours that has ended, or never came to be: repaired, and free again.
  /// Throws LockedOut under a LockDeadline: call it again then; what is done already is not done twice.
  void give_back(MemberId id);
  /// member_died() for all who died unnoticed, the slots of whom no parent will collect are freed, and so
  /// are blocks that were handed to a member after its repair.
  /// Returns: how many slots were freed. Cost: 10 µs a member
  std::size_t sweep();
  /// Calls `visit(MemberId, MemberRecord&)` for every slot that is not free.
  template <class Visit>
  void for_each_member(Visit&& visit) {
    for (std::uint32_t slot = 0; slot < kMaxMembers; ++slot) {
      MemberRecord& record = members_.record(slot);
      // SYNC(member): release in Members::move() -> acquire here; carries the record's fields
      std::uint64_t state = record.state.load(std::memory_order_acquire);
      if (Members::state_of(state) != MemberState::free) visit(MemberId{slot, Members::generation_of(state)}, record);
    }
  }
  /// This process takes no further part: its blocks are freed, its slot says so. Later calls of instance() and self()
  /// throw StateError. Does nothing in a process that is not a member. Called at exit() by itself.
  static void leave() noexcept;
  /// Has leave() call `hook`, while this process is still a member and its references hold. The hooks of a process (up
  /// to 16) run in the reverse of the order in which they came, each once, however often it was named.
  static void before_leaving(void (*hook)() noexcept) noexcept;
  /// What is done for members with a ledger. The layer of objects calls this, before main() and before its first
  /// ledger.
  static void keep_ledgers(const LedgerOperations& operations) noexcept;

  [[nodiscard]] Header& header() noexcept { return windows_->header(); }

  // ---- inspection ----------------------------------------------------------------------------------------------

  /// Most bytes that may be in use or kept. Cost: a load
  [[nodiscard]] std::uint64_t budget() const noexcept { return windows_->header().constants.budget; }
  [[nodiscard]] FamilyMemoryStatistics statistics();
  /// Checks the whole structure under its locks. nullptr when sound, else the first fault.
  [[nodiscard]] const char* validate();
  /// Throws away the derived data of the heaps and builds them again. For tests and measurements.
  void rebuild();
  [[nodiscard]] const Places& places() const noexcept { return windows_->places(); }

 private:
  explicit Family(std::unique_ptr<Windows> windows) noexcept
      : windows_(std::move(windows)), blocks_(*windows_), members_(*windows_) {}

  void free_later(Offset block);
  void free_deferred();

  static Family& create();
  static void publish(std::unique_ptr<Windows> windows);
  MemberId join(bool& all_taken);
  bool repair_after(MemberId id, bool joining);
  std::size_t sweep(bool joining);
  bool repair_in_place();
  void free_blocks_of(MemberId id, const os::ProcessIdentity& identity);
  bool repair_ledger(MemberId dead, std::uint32_t flags);
  bool take_over(MemberId dead, std::uint32_t flags);

  std::unique_ptr<Windows> windows_;
  Blocks blocks_;
  Members members_;
};

}  // namespace cohort::family
