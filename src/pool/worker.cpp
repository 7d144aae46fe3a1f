// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/worker.hpp"

#include <cxxabi.h>
#include <csignal>
#include <cstring>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/base/log.hpp"
#include "cohort/process/process.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/family.hpp"
#include "os/cpu.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/signal.hpp"
#include "os/unwind.hpp"
#include "pool/family_encoder.hpp"
#include "pool/layout.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"
#include "process/launch.hpp"
#include "process/uncaught.hpp"

namespace cohort::detail {

namespace {

// The encoded exception of a call, in a block that the caller owns from now on.
struct CaughtError {
  family::Offset block = 0;
  std::size_t size = 0;
};

// A worker that looks in vain says so after as many looks: a caller who waits for each result hands in the next task
// earlier, and finds a worker that need not say anything.
constexpr unsigned kLooksWhileBusy = 32;

class Worker {
 public:
  Worker(std::uint64_t pool, std::uint32_t index)
      : family_(family::Family::instance()),
        pool_(family_.at<PoolShared>(pool)),
        index_(index),
        self_(family_.self()),
        owner_(family::MemberId::unpack(pool_->owner)),
        name_(current_process().name) {
    if (pool_->magic != kPoolMagic || pool_->version != kPoolVersion || index >= pool_->worker_capacity)
      throw IncompatibleError("pool worker", std::to_string(pool), "this is not a pool of this version");
    (void)family_.address(pool, pool_size(pool_->worker_capacity));
    mine_ = &workers_of(pool_)[index];
  }

  void initialize(const Partial& initializer);
  /// In a catch clause: leaves to the owner what the exception says, with no memory but that of the pool.
  void leave_last_words() noexcept;
  void run();

 private:
  // A copy that a call of the user's has made of this process by a fork of its own: no second worker.
  [[nodiscard]] bool is_copy() const noexcept { return !(family::Family::self_or_nobody() == self_); }
  bool step();
  bool execute(std::uint64_t entry);
  void perform(TaskRecord& record);
  [[nodiscard]] std::span<const std::byte> arguments_of(const TaskRecord& record);
  void join_job(std::uint64_t entry);
  struct Job;
  void work_on(Job& job);
  void do_chunk(Job& job, std::uint64_t chunk);
  void run_chunk(Job& job, std::uint64_t chunk, Encoder& out);
  void complete(std::uint64_t entry);
  void notify_owner();
  void leave_others_awake(std::uint64_t ours);
  void stop_being_busy();
  bool look_for_work();
  [[nodiscard]] Job enter_job(const JobSlot& slot);
  [[nodiscard]] const CallableDescriptor& load(const PoolCallable& callable);
  [[nodiscard]] const CallableDescriptor& resolve(std::uint32_t index);
  /// Runs `body` so that an exception leaves its encoded form. True when it returned. Comes back in this process only.
  bool guarded(FunctionRef<void()> body, FamilyEncoder& error, FunctionRef<std::string_view()> task);

  family::Family& family_;
  PoolShared* pool_;
  std::uint32_t index_;
  family::MemberId self_;
  family::MemberId owner_;
  std::string name_;
  WorkerShared* mine_ = nullptr;
  bool busy_ = false;  // what WorkerShared::busy says
  int cpus_ = os::usable_cpus();
  std::vector<const CallableDescriptor*> callables_;  // those of PoolShared::callables that were needed so far
};

// One of a plug-in that the program has loaded since this worker was started is loaded here, too.
const CallableDescriptor& Worker::load(const PoolCallable& callable) {
  std::string path;
  if (callable.module.block != 0) {
    std::size_t size = std::min<std::size_t>(callable.module.size, family_.block_size(callable.module.block));
    path.assign(reinterpret_cast<const char*>(family_.address(callable.module.block, size)), size);
  }
  load_callable_module(callable.id, path);
  return resolve_callable(callable.id);
}

const CallableDescriptor& Worker::resolve(std::uint32_t index) {
  if (index >= kMostCallables) throw DecodeError("task", std::to_string(index), "is not the number of a callable");
  if (index >= callables_.size()) callables_.resize(index + 1);
  if (callables_[index] == nullptr) callables_[index] = &load(pool_->callables[index]);
  return *callables_[index];
}

namespace {

// Nobody would hold the object between the worker's end of the task and the moment when the owner looks at the result.
void refuse_attachments(const Encoder& out) {
  if (out.has_attachments())
    Encoder::fail("a handle of a shared object cannot be the result of a task: hand the object in as an argument");
}

}  // namespace

bool Worker::guarded(FunctionRef<void()> body, FamilyEncoder& error, FunctionRef<std::string_view()> task) {
  try {
    os::call_with_trace([](void* raw) { (*static_cast<FunctionRef<void()>*>(raw))(); }, &body);
    if (is_copy()) end_launched_copy(0);
    return true;
  } catch (const abi::__forced_unwind&) {
    if (is_copy()) end_launched_copy(0);
    throw;
  } catch (...) {
    if (is_copy()) end_launched_copy(run_reporting(name_, [] { throw; }));
    encode_current_exception(error, name_, task());
    return false;
  }
}

void Worker::initialize(const Partial& initializer) {
  os::keep_freed_memory();
  // The terminal's Ctrl-C is for the owner, which then ends its workers in order.
  os::ignore_signal(SIGINT);
  mine_->cpu.store(os::current_cpu(), std::memory_order_relaxed);  // relaxed: a hint
  FamilyEncoder error({}, self_);
  if (initializer && !guarded([&] { initializer(); }, error, [] { return std::string_view("initializer"); })) {
    std::size_t size = error.size();
    family::Offset block = error.take_block();
    mine_->init_error_size.store(size, std::memory_order_relaxed);  // relaxed: ordered by init_error
    family_.set_owner(block, owner_);
    // SYNC(init_error): this release store -> PoolCore::take_initializer_error() acquire load; carries the block
    mine_->init_error.store(block, std::memory_order_release);
    throw SystemExit(1);
  }
  mine_->ready.store(1, std::memory_order_relaxed);  // relaxed: read only after this worker has ended, or as a hint
}

void Worker::leave_last_words() noexcept try {
  auto [type, text] = describe_current_exception();
  std::string words = type;
  if (!text.empty()) words += ": " + text;
  std::size_t size = std::min(words.size(), kMostLastWords);
  std::memcpy(mine_->last_words, words.data(), size);
  // relaxed: read only after this worker has ended
  mine_->last_words_size.store(static_cast<std::uint32_t>(size), std::memory_order_relaxed);
} catch (...) {  // no memory to say so: the exit status is what is left
}

void Worker::run() {
  // SYNC(stop): the owner's release store -> this load; nothing is carried, the rings are looked at before each sleep
  while (true) {
    if (step() || look_for_work()) continue;
    if (pool_->stop.load(std::memory_order_acquire) != 0) return;
    sleep_for_work(*pool_, index_);
  }
}

// The oldest entry is looked at first, by whoever is free. A task is taken off the ring by one worker. A map stays
// there while it has chunks that nobody has begun, so that each worker that comes free joins it, and is taken off by
// one that finds none.
bool Worker::step() {
  while (auto front = ring_front(pool_->work)) {
    if ((front->value & kJobEntry) != 0) {
      join_job(front->value & ~kJobEntry);
      (void)ring_take(pool_->work, front->place);
      return true;
    }
    if (!ring_take(pool_->work, front->place)) continue;
    COHORT_CRASH_POINT("pool.entry_taken");
    if (execute(front->value)) return true;
  }
  return false;
}

bool Worker::execute(std::uint64_t entry) {
  auto index = static_cast<std::uint32_t>(entry & 0xffffffffu);
  if (index >= kTaskCapacity) return false;
  TaskRecord& record = pool_->tasks[index];
  auto generation = static_cast<std::uint32_t>(entry >> 32);
  std::uint64_t queued = TaskState{generation, TaskPhase::queued, 0}.pack();
  // SYNC(task): the owner's release store of queued -> this CAS; carries the record's fields
  if (!record.state.compare_exchange_strong(queued, TaskState{generation, TaskPhase::running, index_}.pack(),
                                            std::memory_order_acquire, std::memory_order_relaxed))
    return false;
  COHORT_CRASH_POINT("pool.claimed");
  leave_others_awake(0);
  perform(record);
  COHORT_CRASH_POINT("pool.performed");
  // SYNC(task): this release store -> the owner's acquire load in TaskTable::reclaim(); carries outcome and result
  record.state.store(TaskState{generation, TaskPhase::done, index_}.pack(), std::memory_order_release);
  COHORT_CRASH_POINT("pool.done");
  complete(entry);
  COHORT_CRASH_POINT("pool.rung");
  return true;
}

void Worker::perform(TaskRecord& record) {
  FamilyEncoder out(record.inline_result, self_);
  FamilyEncoder error(std::span<std::byte>(), self_);
  const CallableDescriptor* callable = nullptr;
  bool returned = guarded(
      [&] {
        callable = &resolve(record.callable);
        if (callable->call() == nullptr) throw DecodeError("task", callable->name(), "is not a callable for a task");
        Decoder in(arguments_of(record), DecodeLimits::within_family());
        callable->call()(in, out);
        refuse_attachments(out);
      },
      error, [&] { return callable != nullptr ? callable->name() : std::string_view(); });
  FamilyEncoder& message = returned ? out : error;
  record.outcome = returned ? TaskOutcome::value : TaskOutcome::error;
  record.result_bytes = message.size();
  family::Offset block = message.take_block();
  COHORT_CRASH_POINT("pool.result_made");
  record.result.store(block,
                      std::memory_order_relaxed);  // relaxed: ordered by state, or the reader knows that we are dead
  COHORT_CRASH_POINT("pool.result_named");
  // From here until `done` the block is the owner's and named in the record: see the death table.
  if (block != 0) family_.set_owner(block, owner_);
  COHORT_CRASH_POINT("pool.result_handed_over");
}

std::span<const std::byte> Worker::arguments_of(const TaskRecord& record) {
  std::uint32_t size = record.arguments_size;
  if (size != kInBlock) return {record.arguments.bytes, std::min<std::size_t>(size, TaskRecord::kInlineArguments)};
  family::Offset block = record.arguments.block;
  std::uint64_t bytes = record.arguments_block_bytes;
  if (bytes > family_.block_size(block))
    throw DecodeError("task", std::to_string(bytes), "its arguments are larger than their block");
  return {family_.address(block, bytes), bytes};
}

void Worker::complete(std::uint64_t entry) {
  ring_write(mine_->completions, entry);
  COHORT_CRASH_POINT("pool.completion_written");
  ring_count(mine_->completions);
  COHORT_CRASH_POINT("pool.announced");
  notify_owner();
}

// One that goes from task to task is busy all the time: nobody has counted on it, so there is nothing to make up for.
void Worker::leave_others_awake(std::uint64_t ours) {
  if (!std::exchange(busy_, true)) become_busy(*pool_, index_, ours);
}

void Worker::stop_being_busy() {
  if (std::exchange(busy_, false)) become_free(*pool_, index_);
}

void Worker::notify_owner() {
  // SYNC(waiters): this fence pairs with the one in Inbox::wait(): either we see the waiter or it sees our entry
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (pool_->waiters.load(std::memory_order_relaxed) == 0) return;  // relaxed: ordered by the fence
  park::WaitWord(pool_->doorbell, park::Mark()).notify(park::WaitWord::kAll);
}

// Spins for a while. True when it has done something; false: there was nothing, or others were faster all the time. The
// time does not begin anew when they are, or several would spin for the tasks of a caller who waits for each result.
bool Worker::look_for_work() {
  int cpu = os::current_cpu();
  if (mine_->cpu.load(std::memory_order_relaxed) != cpu)
    mine_->cpu.store(cpu,
                     std::memory_order_relaxed);  // relaxed: a hint, and written rarely, as the owner reads it often
  // relaxed: hints, all of them
  bool owner_runs = pool_->waiters.load(std::memory_order_relaxed) == 0;
  std::uint32_t awake = pool_->worker_capacity - std::min(pool_->worker_capacity, idle_workers(*pool_));
  bool crowded = awake + (owner_runs ? 1u : 0u) > static_cast<std::uint32_t>(cpus_);
  int partner = owner_runs ? pool_->owner_cpu.load(std::memory_order_relaxed) : -1;  // relaxed: a hint
  park::Spin spin(spin_policy(crowded), cpu == partner && cpu >= 0);
  for (unsigned looks = 0; spin.again(); ++looks) {
    if (looks == kLooksWhileBusy) stop_being_busy();
    if (ring_has_entries(pool_->work) && step()) return true;
    if (pool_->stop.load(std::memory_order_relaxed) != 0) break;  // relaxed: a look
  }
  stop_being_busy();
  return false;
}

// A job's places, checked once and kept.
struct Worker::Job {
  JobShared* shared;
  const CallableDescriptor* callable = nullptr;  // until the first chunk
  std::span<const std::byte> state;
  std::uint64_t chunks;
  std::uint64_t chunk_size;
  std::uint64_t count;
  bool ranged;
  std::size_t input_size;
  std::size_t output_size;
  const std::byte* input = nullptr;
  std::byte* output = nullptr;
  std::atomic<std::uint32_t>* states;
  const ChunkInput* inputs = nullptr;
  ChunkResult* results = nullptr;
  JobError* error;
  FinishedCounter* finished;
};

void Worker::join_job(std::uint64_t entry) {
  JobSlot& slot = pool_->jobs[entry % kMaxJobs];
  mine_->in_job.store(entry, std::memory_order_relaxed);  // relaxed: ordered by the fence
  // SYNC(hazard): this fence pairs with the one in JobBoard::free_retired(): either the owner sees in_job or we see the
  // slot changed
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // SYNC(job): the owner's release store of entry -> this load; carries the job's block
  COHORT_CRASH_POINT("pool.job_announced");
  leave_others_awake(1);
  if (slot.entry.load(std::memory_order_acquire) == entry) {
    Job job = enter_job(slot);
    COHORT_CRASH_POINT("pool.job_entered");
    work_on(job);
    COHORT_CRASH_POINT("pool.job_done");
  }
  // SYNC(hazard): this release store -> JobBoard::free_retired() acquire load; all our accesses come before it
  mine_->in_job.store(0, std::memory_order_release);
  COHORT_CRASH_POINT("pool.job_left");
  notify_owner();
}

// Throws when the job's memory cannot be had here. Then this worker ends, and the owner counts how many do so in a row.
Worker::Job Worker::enter_job(const JobSlot& slot) {
  Job job{};
  job.shared = family_.at<JobShared>(slot.job.load(std::memory_order_relaxed));  // relaxed: ordered by entry
  const JobShared& s = *job.shared;
  job.chunks = s.chunks;
  job.chunk_size = s.chunk_size;
  job.count = s.count;
  job.ranged = s.ranged != 0;
  job.input_size = s.input_size;
  job.output_size = s.output_size;
  if (s.state_size != 0) job.state = {family_.address(s.state, s.state_size), s.state_size};
  if (job.ranged) {
    job.input = family_.address(s.input, job.count * job.input_size);
    if (job.output_size != 0) job.output = family_.address(s.output, job.count * job.output_size);
  } else {
    job.inputs = reinterpret_cast<const ChunkInput*>(family_.address(s.chunk_inputs, job.chunks * sizeof(ChunkInput)));
    job.results = reinterpret_cast<ChunkResult*>(family_.address(s.results, job.chunks * sizeof(ChunkResult)));
  }
  job.states = reinterpret_cast<std::atomic<std::uint32_t>*>(
      family_.address(s.chunk_states, job.chunks * sizeof(std::uint32_t)));
  job.error = reinterpret_cast<JobError*>(family_.address(s.errors, (index_ + 1) * sizeof(JobError))) + index_;
  job.finished =
      reinterpret_cast<FinishedCounter*>(family_.address(s.finished, (index_ + 1) * sizeof(FinishedCounter))) + index_;
  return job;
}

void Worker::work_on(Job& job) {
  std::uint64_t batch = job.shared->batch;
  while (true) {
    std::uint64_t first =
        job.shared->cursor.fetch_add(batch, std::memory_order_relaxed);  // relaxed: a hint; the states decide
    if (first >= job.chunks) break;
    std::uint64_t last = std::min(first + batch, job.chunks);
    for (std::uint64_t chunk = first; chunk < last; ++chunk) do_chunk(job, chunk);
  }
  // What is left: batches of workers that are slow or dead.
  for (std::uint64_t step = 0; step < job.chunks; ++step)
    if (job.states[step].load(std::memory_order_relaxed) == kChunkFree) do_chunk(job, step);  // relaxed: a look
}

void Worker::run_chunk(Job& job, std::uint64_t chunk, Encoder& out) {
  if (job.callable == nullptr) job.callable = &load(job.shared->callable);
  if (!job.ranged) {
    if (job.callable->call() == nullptr)
      throw DecodeError("map", job.callable->name(), "is not a callable for a chunk");
    ChunkInput place = job.inputs[chunk];
    if (place.size > family_.block_size(place.block))
      throw DecodeError("map", job.callable->name(), "a chunk is larger than its block");
    Decoder in(std::span<const std::byte>(family_.address(place.block, place.size), place.size),
               DecodeLimits::within_family());
    job.callable->call()(in, out);
    return;
  }
  if (job.callable->call_range() == nullptr)
    throw DecodeError("map", job.callable->name(), "is not a callable for a range");
  std::uint64_t first = chunk * job.chunk_size;
  std::size_t items = std::min<std::uint64_t>(job.chunk_size, job.count - first);
  Decoder state(job.state, DecodeLimits::within_family());
  job.callable->call_range()(state, job.input + first * job.input_size, job.output + first * job.output_size, items);
}

void Worker::do_chunk(Job& job, std::uint64_t chunk) {
  std::uint32_t free = kChunkFree;
  // SYNC(chunk): the owner's release store of free -> this CAS; carries a cleared result
  if (!job.states[chunk].compare_exchange_strong(free, chunk_owned_by(index_), std::memory_order_acquire,
                                                 std::memory_order_relaxed))
    return;
  COHORT_CRASH_POINT("pool.chunk_claimed");
  FamilyEncoder error(std::span<std::byte>(), self_);
  FamilyEncoder out(std::span<std::byte>(), self_);
  bool returned = guarded(
      [&] {
        run_chunk(job, chunk, out);
        refuse_attachments(out);
      },
      error, [&] { return job.callable != nullptr ? job.callable->name() : std::string_view(); });
  COHORT_CRASH_POINT("pool.chunk_computed");
  std::uint32_t state = chunk_owned_by(index_) | kChunkDone;
  if (!returned) {
    state |= kChunkFailed;
    // The first error of each worker is kept; the owner throws the lowest of them.
    if (job.error->block.load(std::memory_order_relaxed) == 0) {  // relaxed: only we set it
      std::size_t size = error.size();
      family::Offset block = error.take_block();
      job.error->size.store(size, std::memory_order_relaxed);    // relaxed: ordered by block
      job.error->chunk.store(chunk, std::memory_order_relaxed);  // relaxed: ordered by block
      // SYNC(job_error): this release store -> collect_errors() acquire load; carries size and chunk
      job.error->block.store(block, std::memory_order_release);
      COHORT_CRASH_POINT("pool.chunk_error_named");
      family_.set_owner(block, owner_);
    }
  } else if (!job.ranged) {
    job.results[chunk].size.store(out.size(), std::memory_order_relaxed);  // relaxed: ordered by the chunk's state
    family::Offset block = out.take_block();
    job.results[chunk].block.store(
        block, std::memory_order_relaxed);  // relaxed: as above, or the reader knows that we are dead
    COHORT_CRASH_POINT("pool.chunk_named");
    family_.set_owner(block, owner_);
  }
  COHORT_CRASH_POINT("pool.chunk_handed_over");
  job.states[chunk].store(state, std::memory_order_relaxed);  // relaxed: ordered by finished
  COHORT_CRASH_POINT("pool.chunk_stored");
  // SYNC(finished): this release store -> MapJob::complete() acquire load; carries the chunk's results and state
  job.finished->chunks.store(job.finished->chunks.load(std::memory_order_relaxed) + 1,
                             std::memory_order_release);  // relaxed: only we write it
  COHORT_CRASH_POINT("pool.chunk_counted");
}

// A worker that replaces another one is started by another thread than the first ones: what a thread passes on is taken
// from the one that made the pool.
void take_thread_attributes(const std::vector<std::byte>& bytes) {
  os::ProcessAttributes maker;
  if (bytes.size() != sizeof maker) return;
  std::memcpy(&maker, bytes.data(), sizeof maker);
  os::ProcessAttributes present = os::capture_process_attributes();
  os::RefusedAttributes refused = os::apply_process_attributes(os::with_thread_attributes(present, maker), present);
  if (refused.any()) get_logger().warning("the attributes of the pool's maker cannot be had: " + refused.to_string());
}

}  // namespace

void run_pool_worker(std::uint64_t pool, std::uint32_t index, const Partial& initializer,
                     const std::vector<std::byte>& attributes) {
  take_thread_attributes(attributes);
  Worker worker(pool, index);
  try {
    worker.initialize(initializer);
    worker.run();
  } catch (const SystemExit&) { throw; } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    worker.leave_last_words();
    throw;
  }
}

}  // namespace cohort::detail
