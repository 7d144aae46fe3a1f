// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/map_job.hpp"

#include <algorithm>
#include <cstring>

#include "cohort/base/error.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/family_encoder.hpp"
#include "pool/pool_block.hpp"

namespace cohort::detail {

namespace {

// Small enough that eight workers end together, large enough that taking a chunk costs nothing beside it.
std::size_t automatic_chunk_size(std::size_t count, std::uint32_t workers) {
  std::size_t chunks = std::size_t{workers} * 16;
  return std::max<std::size_t>(1, (count + chunks - 1) / chunks);
}

}  // namespace

MapJob::MapJob(family::MemberId owner, std::uint32_t workers, std::string_view name, std::size_t count, int retries,
               const char* operation)
    : family_(family::Family::instance()),
      owner_(owner),
      workers_(workers),
      operation_(operation),
      name_(name),
      count_(count),
      retries_(retries) {}

// It delegates, so that what was allocated is freed when there is no memory for the rest.
MapJob::MapJob(family::MemberId owner, std::uint32_t workers, const CallableDescriptor& callable,
               std::span<const std::byte> state, std::size_t count, const MapOptions& options, const char* operation)
    : MapJob(owner, workers, callable.name(), count, options.retries, operation) {
  job_ = family_.allocate_control(sizeof(JobShared), owner_);
  blocks_.push_back(job_);
  shared_ = family_.at<JobShared>(job_);
  shared_->callable.id = callable.id();
  if (std::string path = callable_module_path(shared_->callable.id); !path.empty()) {
    shared_->callable.module = {allocate(path.size()), path.size()};
    std::memcpy(family_.address(shared_->callable.module.block, path.size()), path.data(), path.size());
  }
  shared_->count = count;
  shared_->chunk_size = options.chunksize != 0 ? options.chunksize : automatic_chunk_size(count, workers);
  shared_->chunks = (count + shared_->chunk_size - 1) / shared_->chunk_size;
  shared_->batch = std::clamp<std::uint64_t>(shared_->chunks / (std::uint64_t{workers} * 32), 1, 64);
  shared_->state_size = static_cast<std::uint32_t>(state.size());
  if (!state.empty()) {
    shared_->state = allocate(state.size());
    std::memcpy(family_.address(shared_->state, state.size()), state.data(), state.size());
  }
  std::size_t states = shared_->chunks * sizeof(std::uint32_t);
  shared_->chunk_states = allocate(states);
  states_ = reinterpret_cast<std::atomic<std::uint32_t>*>(family_.address(shared_->chunk_states, states));
  std::memset(static_cast<void*>(states_), 0, states);
  std::size_t counters = workers * sizeof(FinishedCounter);
  shared_->finished = allocate(counters);
  finished_ = reinterpret_cast<FinishedCounter*>(family_.address(shared_->finished, counters));
  std::memset(static_cast<void*>(finished_), 0, counters);
  std::size_t errors = workers * sizeof(JobError);
  shared_->errors = allocate(errors);
  std::memset(family_.address(shared_->errors, errors), 0, errors);
}

MapJob::~MapJob() {
  if (!(family::Family::self_or_nobody() == owner_) || !family::Family::exists()) return;
  free_results();
  for (family::Offset block : blocks_) free_block_of(block, owner_);
}

// Those that were not taken, because another chunk failed.
void MapJob::free_results() noexcept try {
  if (shared_ == nullptr || shared_->results == 0) return;
  for (ChunkResult& result : results()) {
    family::Offset block =
        result.block.exchange(0, std::memory_order_relaxed);  // relaxed: all writers are done or dead
    if (block != 0 && family_.owner(block) == owner_) free_block_of(block, owner_);
  }
} catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): a stray write has spoilt it
}

std::span<ChunkResult> MapJob::results() const {
  std::size_t bytes = shared_->chunks * sizeof(ChunkResult);
  return {reinterpret_cast<ChunkResult*>(family_.address(shared_->results, bytes)), shared_->chunks};
}

std::span<JobError> MapJob::errors() const {
  return {reinterpret_cast<JobError*>(family_.address(shared_->errors, workers_ * sizeof(JobError))), workers_};
}

family::Offset MapJob::allocate(std::size_t size) {
  blocks_.push_back(family_.allocate(std::max<std::size_t>(size, 1), owner_));
  return blocks_.back();
}

std::byte* MapJob::prepare_ranged(std::size_t input_size, std::size_t output_size) {
  shared_->ranged = 1;
  shared_->input_size = input_size;
  shared_->output_size = output_size;
  shared_->input = allocate(count_ * input_size);
  if (output_size != 0) shared_->output = allocate(count_ * output_size);
  return family_.address(shared_->input, count_ * input_size);
}

void MapJob::prepare_encoded(FunctionRef<void(std::size_t, Encoder&)> encode) {
  std::uint64_t chunks = shared_->chunks;
  std::size_t bytes = chunks * sizeof(ChunkInput);
  shared_->chunk_inputs = allocate(bytes);
  auto* inputs = reinterpret_cast<ChunkInput*>(family_.address(shared_->chunk_inputs, bytes));
  // A block a chunk: of sizes that come back, so that warm pages are used again, and never copied to grow all of it.
  std::vector<std::byte> state(shared_->state_size);
  if (!state.empty()) std::memcpy(state.data(), family_.address(shared_->state, state.size()), state.size());
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    FamilyEncoder out({}, owner_);
    std::size_t items = items_in(chunk);
    out.write(state);
    out.write_raw(static_cast<std::uint64_t>(items));
    for (std::size_t i = 0; i < items; ++i) {
      encode(chunk * shared_->chunk_size + i, out);
      // Items are often of one size.
      if (i == 0 && items > 1) out.reserve(out.size() * items);
    }
    inputs[chunk].size = out.size();
    inputs[chunk].block = out.take_block();
    blocks_.push_back(inputs[chunk].block);
  }
  std::size_t results = chunks * sizeof(ChunkResult);
  shared_->results = allocate(results);
  std::memset(family_.address(shared_->results, results), 0, results);
}

std::size_t MapJob::items_in(std::uint64_t chunk) const noexcept {
  return std::min<std::size_t>(shared_->chunk_size, count_ - chunk * shared_->chunk_size);
}

const std::byte* MapJob::output() const { return family_.address(shared_->output, count_ * shared_->output_size); }

bool MapJob::complete() const noexcept { return finished_chunks() == shared_->chunks; }

std::uint64_t MapJob::finished_chunks() const noexcept {
  std::uint64_t sum = failed_by_owner_;
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    // SYNC(finished): a worker's release store after its chunk -> this load; carries the chunk's results
    sum += finished_[worker].chunks.load(std::memory_order_acquire);
  }
  return sum;
}

void MapJob::reclaim(std::uint32_t worker) {
  collect_errors();
  // What was not handed over is freed with its owner; its place must not be read again.
  errors()[worker].block.store(0, std::memory_order_relaxed);  // relaxed: its writer is dead
  if (shared_->results == 0) return;
  std::span<ChunkResult> results = this->results();
  for (std::uint64_t chunk = 0; chunk < shared_->chunks; ++chunk) {
    std::uint32_t state = states_[chunk].load(std::memory_order_relaxed);  // relaxed: the only other writer is dead
    if (state != chunk_owned_by(worker)) continue;
    family::Offset block = results[chunk].block.exchange(0, std::memory_order_relaxed);  // relaxed: the writer is dead
    if (block != 0 && family_.owner(block) == owner_) family_.free(block);
  }
}

bool MapJob::recover(std::uint32_t worker, const WorkerEnd& end) {
  bool freed = false;
  std::uint64_t done = 0;
  for (std::uint64_t chunk = 0; chunk < shared_->chunks; ++chunk) {
    // relaxed: the only other writer of an owned chunk is dead
    std::uint32_t state = states_[chunk].load(std::memory_order_relaxed);
    if (state == kChunkFree || chunk_worker(state) != worker) continue;
    if ((state & kChunkDone) != 0) {
      // Those that the owner failed are counted by it.
      if (!deaths_.contains(chunk)) ++done;
      continue;
    }
    ++deaths_in_chunks_;
    if (tries_[chunk]++ < retries_ && !given_up_) {
      // SYNC(chunk): this release store -> a worker's acquire CAS; carries the cleared result
      states_[chunk].store(kChunkFree, std::memory_order_release);
      freed = true;
      continue;
    }
    std::size_t first = chunk * shared_->chunk_size;
    std::string task =
        name_ + ", items " + std::to_string(first) + " to " + std::to_string(first + items_in(chunk) - 1);
    deaths_[chunk] = std::make_exception_ptr(DeadWorker{end, std::move(task)});
    states_[chunk].store(chunk_owned_by(worker) | kChunkDone | kChunkFailed,
                         std::memory_order_relaxed);  // relaxed: workers only skip it
    ++failed_by_owner_;
  }
  finished_[worker].chunks.store(done, std::memory_order_relaxed);  // relaxed: its writer is dead; we are the reader
  return freed;
}

bool MapJob::give_up_if_nobody_can_begin(const WorkerEnd& end) {
  if (given_up_) return false;
  std::uint64_t begun = finished_chunks() + deaths_in_chunks_;
  if (begun != std::exchange(begun_before_, begun)) {
    ended_in_vain_ = 0;
    return false;
  }
  // relaxed: a look
  bool any_free = std::any_of(states_, states_ + shared_->chunks, [](const std::atomic<std::uint32_t>& state) {
    return state.load(std::memory_order_relaxed) == kChunkFree;
  });
  if (!any_free || ++ended_in_vain_ < kTriesToBegin + (end.last_words.empty() ? workers_ : 0)) return false;
  std::string task = name_ + ", before its first item";
  fail_free_chunks(std::make_exception_ptr(DeadWorker{end, std::move(task)}));
  return given_up_ != nullptr;
}

void MapJob::fail_free_chunks(std::exception_ptr why) {
  for (std::uint64_t chunk = 0; chunk < shared_->chunks; ++chunk) {
    std::uint32_t free = kChunkFree;
    // relaxed: workers only skip it
    if (!states_[chunk].compare_exchange_strong(free, kChunkDone | kChunkFailed, std::memory_order_relaxed)) continue;
    ++failed_by_owner_;
    if (!given_up_) first_given_up_ = chunk;
    given_up_ = why;
  }
}

void MapJob::collect_errors() {
  std::span<JobError> errors = this->errors();
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    // SYNC(job_error): a worker's release store -> this load; carries size and chunk
    family::Offset block = errors[worker].block.load(std::memory_order_acquire);
    if (block == 0 || !family_.set_owner(block, owner_, owner_)) continue;   // still the worker's: not handed over yet
    std::size_t size = errors[worker].size.load(std::memory_order_relaxed);  // relaxed: ordered by block
    std::uint64_t chunk = errors[worker].chunk.load(std::memory_order_relaxed);  // relaxed: ordered by block
    if (size <= family_.block_size(block)) {
      const std::byte* bytes = family_.address(block, size);
      errors_[chunk].assign(bytes, bytes + size);
    }
    errors[worker].block.store(0, std::memory_order_relaxed);  // relaxed: the worker writes it once a job only
    family_.free(block);
  }
}

void MapJob::throw_if_failed() {
  if (abandoned_) rethrow_failure(abandoned_, operation_, name_);
  collect_errors();
  std::uint64_t first_error = errors_.empty() ? UINT64_MAX : errors_.begin()->first;
  std::uint64_t first_death = deaths_.empty() ? UINT64_MAX : deaths_.begin()->first;
  if (given_up_ && first_given_up_ < std::min(first_error, first_death)) rethrow_failure(given_up_, operation_);
  if (first_error == UINT64_MAX && first_death == UINT64_MAX) return;
  if (first_death < first_error) rethrow_failure(deaths_.begin()->second, operation_);
  rethrow_remote(errors_.begin()->second, DecodeLimits::within_family());
}

void MapJob::take_results(FunctionRef<void(Decoder&, std::size_t)> decode) {
  std::span<ChunkResult> results = this->results();
  for (std::uint64_t chunk = 0; chunk < shared_->chunks; ++chunk) {
    family::Offset block = results[chunk].block.load(std::memory_order_relaxed);  // relaxed: ordered by complete()
    std::size_t size = results[chunk].size.load(std::memory_order_relaxed);       // relaxed: as above
    if (block == 0 || size > family_.block_size(block))
      throw DecodeError(operation_, name_, "a chunk came back without its results");
    Decoder in(std::span(family_.address(block, size), size), DecodeLimits::within_family());
    auto count = in.read_raw<std::uint64_t>();
    if (count != items_in(chunk))
      throw DecodeError(operation_, name_, "a chunk came back with another number of results");
    decode(in, count);
    results[chunk].block.store(0, std::memory_order_relaxed);  // relaxed: nobody else looks at it any more
    family_.free(block);
  }
}

}  // namespace cohort::detail
