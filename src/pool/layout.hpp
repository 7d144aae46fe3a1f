// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The pool's structures in the family memory: docs/formats/pool.md in code.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cohort/wire/callable.hpp"
#include "family/layout.hpp"

namespace cohort::detail {

inline constexpr std::uint64_t kPoolMagic = 0x4c4f4f50'544f4843;  // "CHOTPOOL"
inline constexpr std::uint32_t kPoolVersion = 4;
inline constexpr std::uint32_t kTaskCapacity = 4096;
inline constexpr std::uint32_t kMaxPoolWorkers = 1024;
inline constexpr std::uint32_t kMaxJobs = 16;

enum class TaskPhase : std::uint32_t { free = 0, queued = 1, running = 2, done = 3 };

/// TaskRecord::state in parts.
struct TaskState {
  std::uint32_t generation = 0;
  TaskPhase phase = TaskPhase::free;
  std::uint32_t worker = 0;

  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint64_t>(phase) << 16 | worker;
  }
  [[nodiscard]] static constexpr TaskState unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<TaskPhase>((word >> 16) & 0xffff),
            static_cast<std::uint32_t>(word & 0xffff)};
  }
};

enum class TaskOutcome : std::uint32_t { value = 1, error = 2 };

/// One call of one callable. What the owner writes lies in the first two cache lines and what the worker writes in the
/// last two, so that a small task costs one line each way.
struct alignas(64) TaskRecord {
  static constexpr std::size_t kInlineArguments = 104;
  static constexpr std::size_t kInlineResult = 104;

  std::atomic<std::uint64_t> state;
  std::uint32_t callable;        ///< index into PoolShared::callables
  std::uint32_t arguments_size;  ///< of inline arguments
  union {
    family::Offset block;  ///< when arguments_size is kInBlock: their place; their size lies after it
    std::byte bytes[kInlineArguments];
  } arguments;
  std::uint64_t arguments_block_bytes;

  std::atomic<family::Offset> result;  ///< 0: inline
  std::uint64_t result_bytes;
  TaskOutcome outcome;
  std::uint32_t reserved;
  std::byte inline_result[kInlineResult];
};
static_assert(sizeof(TaskRecord) == 256 && offsetof(TaskRecord, result) == 128);
inline constexpr std::uint32_t kInBlock = UINT32_MAX;

/// The file of the module that holds a callable, for a worker that has not loaded it.
struct ModulePath {
  family::Offset block;  ///< 0: the program itself holds it
  std::uint64_t size;
};

/// The callables that a pool's tasks name by a number. Only grows.
inline constexpr std::uint32_t kMostCallables = 1024;
struct PoolCallable {
  CallableId id;
  ModulePath module;
};

/// What a worker says of its own end. More is cut.
inline constexpr std::size_t kMostLastWords = 500;

/// A ring of 64-bit entries. Head and tail only grow. kLapBit of an entry tells whether it was written in this lap
/// round the ring or in the one before, so that a reader needs no look at the head, whose cache line would come to it
/// beside that of the entry.
struct RingShared {
  alignas(64) std::atomic<std::uint64_t> head;
  alignas(64) std::atomic<std::uint64_t> tail;
  alignas(64) std::atomic<std::uint64_t> entries[kTaskCapacity];
};

/// One worker's place.
struct WorkerShared {
  alignas(64) std::atomic<std::uint32_t> wake;  ///< what it sleeps on: a count
  std::atomic<std::uint32_t> busy;              ///< 1: has a task or a job; 0: looks for one, or sleeps
  std::atomic<std::uint32_t> ready;             ///< 1: the initializer has returned
  std::atomic<std::int32_t> cpu;                ///< where it ran last; a hint for spinning
  std::atomic<family::Offset> init_error;       ///< what the initializer threw, encoded; 0: nothing
  std::atomic<std::uint64_t> init_error_size;
  alignas(64) std::atomic<std::uint64_t> in_job;
  std::atomic<std::uint32_t> last_words_size;  ///< bytes of what follows; 0: it said nothing
  char last_words[kMostLastWords];             ///< the exception that ends it
  RingShared completions;
};

/// One map that is under way.
struct JobSlot {
  std::atomic<std::uint64_t> entry;  ///< job_number(); 0: none
  std::atomic<family::Offset> job;
};

struct PoolShared {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t worker_capacity;
  std::uint64_t size;
  std::uint64_t owner;  ///< MemberId, packed
  alignas(64) std::atomic<std::uint32_t> doorbell;
  alignas(64) std::atomic<std::uint32_t> waiters;
  std::atomic<std::int32_t> owner_cpu;  ///< where a waiting thread of the owner ran last
  alignas(64) std::atomic<std::uint32_t> stop;
  alignas(64) std::atomic<std::uint64_t> idle[kMaxPoolWorkers / 64];  ///< bit w: worker w sleeps or is about to
  alignas(64) JobSlot jobs[kMaxJobs];
  RingShared work;  ///< what waits for a worker, in the order in which it was handed in
  alignas(64) PoolCallable callables[kMostCallables];
  alignas(64) TaskRecord tasks[kTaskCapacity];
  // WorkerShared workers[worker_capacity] follows
};

[[nodiscard]] constexpr std::size_t pool_size(std::uint32_t workers) noexcept {
  return sizeof(PoolShared) + workers * sizeof(WorkerShared);
}
[[nodiscard]] inline WorkerShared* workers_of(PoolShared* pool) noexcept {
  return reinterpret_cast<WorkerShared*>(reinterpret_cast<std::byte*>(pool) + sizeof(PoolShared));
}

/// Ring entries: bit 63 tells a job from a task, bit 31 is the ring's.
inline constexpr std::uint64_t kJobEntry = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kLapBit = std::uint64_t{1} << 31;
[[nodiscard]] constexpr std::uint64_t task_entry(std::uint32_t generation, std::uint32_t index) noexcept {
  return static_cast<std::uint64_t>(generation & 0x7fffffffu) << 32 | index;
}

/// What a job is known by in its slot, without kJobEntry: its generation and the slot, around kLapBit.
[[nodiscard]] constexpr std::uint64_t job_number(std::uint64_t generation, std::uint32_t slot) noexcept {
  std::uint64_t number = generation * kMaxJobs + slot;
  return (number & (kLapBit - 1)) | ((number << 1) & ~(2 * kLapBit - 1) & ~kJobEntry);
}

/// Chunk states of a job: free, or whose.
inline constexpr std::uint32_t kChunkFree = 0;
inline constexpr std::uint32_t kChunkDone = 0x80000000u;
inline constexpr std::uint32_t kChunkFailed = 0x40000000u;
[[nodiscard]] constexpr std::uint32_t chunk_owned_by(std::uint32_t worker) noexcept { return worker + 1; }
[[nodiscard]] constexpr std::uint32_t chunk_worker(std::uint32_t state) noexcept { return (state & 0xffffu) - 1; }

/// What a chunk of an encoded job is given: the callable's state, the number of items, the items.
struct ChunkInput {
  family::Offset block;
  std::uint64_t size;
};

/// What a chunk of an encoded job produced.
struct ChunkResult {
  std::atomic<family::Offset> block;  ///< 0: none
  std::atomic<std::uint64_t> size;
};

/// The first exception that a worker's chunks ended by.
struct alignas(64) JobError {
  std::atomic<family::Offset> block;  ///< 0: none
  std::atomic<std::uint64_t> size;
  std::atomic<std::uint64_t> chunk;
};

/// One padded counter.
struct alignas(64) FinishedCounter {
  std::atomic<std::uint64_t> chunks;
};

/// One map: the head of its block; the arrays follow at the offsets given.
struct JobShared {
  PoolCallable callable;
  std::uint32_t ranged;      ///< 1: values and results lie in place; 0: encoded per chunk
  std::uint32_t state_size;  ///< bytes of the callable's state
  std::uint64_t count;       ///< items
  std::uint64_t chunk_size;  ///< items a chunk
  std::uint64_t chunks;
  std::uint64_t input_size;  ///< bytes an item, when ranged
  std::uint64_t output_size;
  family::Offset input;  ///< values, when ranged
  family::Offset output;
  family::Offset chunk_states;  ///< atomic u32 [chunks]
  family::Offset chunk_inputs;  ///< ChunkInput [chunks], when encoded
  family::Offset results;       ///< ChunkResult [chunks], when encoded
  family::Offset errors;        ///< JobError [worker capacity]
  family::Offset finished;      ///< FinishedCounter [worker capacity]
  family::Offset state;         ///< the callable's state
  std::uint64_t batch;          ///< chunks a worker takes from the cursor at once
  alignas(64) std::atomic<std::uint64_t> cursor;
};

}  // namespace cohort::detail
