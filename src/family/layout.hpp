// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The byte layout of the family memory: docs/formats/family-memory.md, in code. Who may write which field, and when,
// stands there; here are the offsets, and the one place where a layout that comes from outside is checked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "os/process_identity.hpp"

namespace cohort::family {

/// A place in the family memory: bytes from its start, the same in every process. 0 is null.
using Offset = std::uint64_t;

/// One member of the family: a slot of the member table and the slot's generation, which tells a member from the one
/// that had the slot before. {0, 0} is nobody; live generations start at 1.
struct MemberId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(generation) << 32 | slot;
  }
  [[nodiscard]] static constexpr MemberId unpack(std::uint64_t packed) noexcept {
    return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32)};
  }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return generation != 0; }
  friend constexpr bool operator==(MemberId, MemberId) noexcept = default;
};

inline constexpr MemberId kNobody{};
inline constexpr std::uint32_t kMaxMembers = 4096;

/// What a slot of the member table is.
enum class MemberState : std::uint32_t {
  free = 0,      ///< nobody's
  reserved = 1,  ///< prepared by a parent for a child that has not arrived
  live = 2,      ///< a process that takes part
  left = 3,      ///< a process that said goodbye; it owns nothing any more and may still run its last instructions
  dead = 4,      ///< a process that ended without goodbye, repaired; the slot waits for release_member()
};

/// MemberRecord::exit_state, a futex word.
enum class ExitState : std::uint32_t {
  running = 0,  ///< no end is known
  known = 1,    ///< exit_status holds the wait status
  unknown = 2,  ///< ended, but somebody else reaped it
};

/// One slot of the member table. Fields below `parent` are zeroed when the slot is reserved.
struct alignas(64) MemberRecord {
  // Written under the members' lock.
  std::atomic<std::uint64_t> state;       ///< generation << 32 | MemberState; its store commits the fields below
  std::atomic<std::int32_t> pid;          ///< valid in live, left, dead
  std::atomic<std::uint32_t> flags;       ///< kReleasesItself, and how often it was taken over: times kTakeOver
  std::atomic<std::uint64_t> start_time;  ///< with pid: a ProcessIdentity
  std::atomic<std::uint64_t> parent;      ///< MemberId, packed; nobody for a root or one who joined by itself

  // Written by whoever reaps the process: the status first, then the state (release), then a wake-up.
  alignas(8) std::atomic<std::uint32_t> exit_state;  ///< ExitState; futex
  std::atomic<std::int32_t> exit_status;             ///< as waitpid gives it; valid when exit_state is known

  // For the process layer (docs/formats/launch.md); the family only zeroes them.
  std::atomic<std::uint64_t> launch;           ///< Offset of the launch block
  std::atomic<std::uint32_t> launch_state;     ///< LaunchState; futex
  std::atomic<std::uint32_t> doorbell;         ///< futex: one word to wake the member by
  std::atomic<std::uint64_t> launch_nonce;     ///< random; the child must know it. The parent's, before the start
  std::atomic<std::uint64_t> launch_pid;       ///< of the child, by the fork server after the fork
  std::atomic<std::uint64_t> launch_progress;  ///< 1: the child has found its way into worker code; 2: a server serves
  std::atomic<std::uint64_t> exit_code;        ///< 1 << 32 | the code that the child is about to end with
  std::atomic<std::uint64_t> launch_error;     ///< errno of a failed start, by the fork server or the child of a fork
  std::atomic<std::uint64_t> launch_failure;   ///< Offset of a block that holds why a re-executed child does not work
  std::atomic<std::uint64_t> launch_step;      ///< StartStep that failed, by the child of a fork
  std::atomic<std::uint64_t> reserved[16];
  // For the layer of objects (LedgerOperations).
  std::atomic<std::uint64_t> ledger;  ///< Offset of the member's ledger; 0: none
};
static_assert(sizeof(MemberRecord) == 256);
static_assert(offsetof(MemberRecord, exit_state) == 32 && offsetof(MemberRecord, launch) == 40 &&
              offsetof(MemberRecord, launch_nonce) == 56 && offsetof(MemberRecord, ledger) == 240);

/// MemberRecord::flags: the slot is free at once when this member leaves or dies, as no parent waits for its result.
inline constexpr std::uint32_t kReleasesItself = 1;
/// MemberRecord::flags: one take-over (Members::take_over).
inline constexpr std::uint32_t kTakeOver = 2;

/// A lock that survives its holder (lock.hpp), alone on its cache line.
struct alignas(64) LockWord {
  std::atomic<std::uint64_t> word;       ///< 0 free; else holder, see docs/formats/family-memory.md
  std::atomic<std::uint64_t> takeovers;  ///< times taken from a dead holder
  std::atomic<std::uint64_t> memory;     ///< number of the memory object; constant; 0 unknown
  std::atomic<std::uint32_t> damaged;    ///< 1: a holder died; what the lock guards must be repaired before use
};

/// One 64-byte unit of a heap. `word` is the truth; the links are derived from it.
struct Unit {
  std::atomic<std::uint64_t> word;
  std::atomic<std::uint32_t> next;  ///< unit index + 1 of the next free block of the list; 0 ends
  std::atomic<std::uint32_t> prev;
};
static_assert(sizeof(Unit) == 16);

inline constexpr std::uint64_t kUnitSize = 64;
inline constexpr unsigned kOrders = 32;

/// Free lists and counters of one heap: derived data, rebuilt from the units when a holder of the lock died.
struct alignas(64) HeapState {
  std::atomic<std::uint64_t> used_bytes;
  std::atomic<std::uint64_t> kept_bytes;  ///< in free blocks that hold pages
  std::atomic<std::uint64_t> used_blocks;
  std::atomic<std::uint64_t> frontier;          ///< first unit that was never part of a block
  std::atomic<std::uint64_t> trim_above;        ///< kept_bytes below this are not worth trimming again
  std::atomic<std::uint32_t> listed[2];         ///< bit k: list k is not empty
  std::atomic<std::uint32_t> head[2][kOrders];  ///< [0] fresh blocks, [1] blocks that hold pages; unit index + 1
  std::atomic<std::uint32_t> count[2][kOrders];
};

/// One heap's place: constants after creation.
struct HeapPlace {
  std::uint64_t base = 0;   ///< Offset of unit 0
  std::uint64_t units = 0;  ///< a power of two
  std::uint64_t table = 0;  ///< Offset of its Unit table

  friend bool operator==(const HeapPlace&, const HeapPlace&) = default;
};

inline constexpr std::uint64_t kMagic = 0x4d4146544f484f43;  // the bytes "COHOTFAM"
inline constexpr std::uint32_t kLayoutVersion = 4;

/// Everything about a layout that follows from the reservation. Equal inputs give equal places in every build of
/// one version.
struct Places {
  std::uint64_t size = 0;
  std::uint64_t members = 0;  ///< Offset of the member table
  HeapPlace control{};
  HeapPlace payload{};
  std::uint64_t control_end = 0;  ///< end of the control mapping; a gap follows
  std::uint64_t payload_begin = 0;

  [[nodiscard]] static Places of(std::uint64_t size) noexcept;
  friend bool operator==(const Places&, const Places&) = default;
};

/// What the root writes before anybody else can see the memory, and nobody after.
struct HeaderConstants {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t header_size = 0;
  std::array<std::byte, 16> id{};  ///< random; names the family
  std::uint64_t size = 0;          ///< of the memory object = the reservation in each process
  std::uint64_t budget = 0;
  std::uint64_t high_water = 0;     ///< kept_bytes above this are given back
  std::uint64_t pid_namespace = 0;  ///< 0: unknown
  std::uint32_t page_size = 0;
  std::uint32_t member_slots = 0;
  Places places{};
};

inline constexpr std::uint32_t kMostObjectKinds = 32;
inline constexpr std::size_t kMostJournalWrites = 8;

/// One store of a step that is done as a whole or not at all.
struct JournalRecord {
  std::atomic<std::uint64_t> at;  ///< Offset of an aligned 64-bit word
  std::atomic<std::uint64_t> value;
};

/// The shared objects (docs/formats/shared-objects.md). Everything is written under `lock`.
struct alignas(64) ObjectsState {
  LockWord lock;
  std::atomic<std::uint64_t> recorded;  ///< records of the journal that are valid; its store commits the step
  std::atomic<std::uint64_t> dying;     ///< first object of the list to destroy
  std::atomic<std::uint64_t> freeing;   ///< a block that is being freed, owned by kBeingFreed until it is
  std::atomic<std::uint64_t> statics;   ///< first block of the table of objects with static storage
  JournalRecord journal[kMostJournalWrites];
  std::atomic<std::uint32_t> watch;  ///< futex of all waits over several objects; written by anybody
  std::uint32_t reserved[15];
  std::atomic<std::uint64_t> live[kMostObjectKinds];  ///< objects of each kind, without those of `statics`
};

/// Owner of a block between the decision to free it and its end; nobody else's.
inline constexpr MemberId kBeingFreed{kMaxMembers - 1, UINT32_MAX};

/// The start of the family memory.
struct Header {
  HeaderConstants constants;
  alignas(64) std::atomic<std::uint64_t> generations;  ///< next_generation()
  std::atomic<std::uint32_t> member_cursor;            ///< where the search for a free slot begins; a hint
  LockWord memory_lock;
  LockWord member_lock;
  HeapState control;
  HeapState payload;
  ObjectsState objects;
};
static_assert(sizeof(Header) == 2112 && offsetof(Header, objects) == 1536 && offsetof(Header, generations) == 192 &&
              offsetof(Header, memory_lock) == 256 && offsetof(Header, member_lock) == 320 &&
              offsetof(Header, control) == 384 && offsetof(Header, payload) == 960);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

/// Windows of this size are mapped at a time; both regions begin and end on its multiples.
inline constexpr unsigned kGranuleBits = 20;
inline constexpr std::uint64_t kGranule = std::uint64_t{1} << kGranuleBits;
/// The header has the first page to itself (of the largest page size that Linux has on our platforms: 64 KiB).
inline constexpr std::uint64_t kHeaderSpan = std::uint64_t{1} << 16;

/// Reservations that a root tries, largest first.
inline constexpr std::uint64_t kReservations[] = {std::uint64_t{256} << 30, std::uint64_t{32} << 30,
                                                  std::uint64_t{1} << 30, std::uint64_t{64} << 20};
inline constexpr std::uint64_t kSmallestReservation = kReservations[3];

/// The constants of a new family memory.
/// @param keep  most bytes that stay in free blocks for reuse; 0: choose
[[nodiscard]] HeaderConstants make_header(std::uint64_t size, std::uint64_t budget, std::uint64_t keep = 0);

/// Checks a header that came with a descriptor. Throws IncompatibleError with what differs.
/// @param header  a private copy: the original may change under our eyes
/// @param size    of the memory object
void check_header(const HeaderConstants& header, std::uint64_t size);

}  // namespace cohort::family
