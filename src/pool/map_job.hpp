// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One map: its blocks in the family memory, and what the owner knows of its chunks.
//
// It lives on the heap and is shared: by the board, as long as workers may look at its blocks, and by the call that
// wants its results. The last of them frees the blocks. Calls that change what the owner knows need the pool's mutex.
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/base/exit_status.hpp"
#include "cohort/pool/pool_backend.hpp"
#include "family/family.hpp"
#include "pool/layout.hpp"
#include "pool/worker_end.hpp"

namespace cohort::detail {

/// After how many workers in a row that ended before they could begin something no more is tried. Those that do not say
/// why may have been killed by chance, as many at once as there are: as many more are tried then.
inline constexpr std::uint32_t kTriesToBegin = 3;

class MapJob {
 public:
  /// `operation` is the call that the user made; it is kept, not copied.
  MapJob(family::MemberId owner, std::uint32_t workers, const CallableDescriptor& callable,
         std::span<const std::byte> state, std::size_t count, const MapOptions& options, const char* operation);
  /// Frees all blocks. No worker looks at them any more.
  ~MapJob();
  MapJob(const MapJob&) = delete;
  MapJob& operator=(const MapJob&) = delete;

  /// Room for `count` items and results in place; returns where the items go.
  [[nodiscard]] std::byte* prepare_ranged(std::size_t input_size, std::size_t output_size);
  /// Encodes all chunks.
  void prepare_encoded(FunctionRef<void(std::size_t, Encoder&)> encode);

  [[nodiscard]] family::Offset offset() const noexcept { return job_; }
  [[nodiscard]] const std::byte* output() const;
  [[nodiscard]] std::uint64_t chunks() const noexcept { return shared_->chunks; }
  /// All chunks are done or failed. Costs a load a worker.
  [[nodiscard]] bool complete() const noexcept;
  /// Worker `worker` is dead, and what it owned in the family is not freed yet: takes back what it had handed over.
  void reclaim(std::uint32_t worker);
  /// After that: its chunks are free again, or failed. True when some are free.
  bool recover(std::uint32_t worker, const WorkerEnd& end);
  /// After that, when it ended within this job: counts those in a row that have begun no chunk. True when that was the
  /// last try: what nobody has begun has failed.
  bool give_up_if_nobody_can_begin(const WorkerEnd& end);
  /// The pool ended: nobody will work on it.
  void abandon(std::exception_ptr why) noexcept { abandoned_ = std::move(why); }
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_ != nullptr; }
  /// Throws the error of the lowest failed chunk, if there is one.
  void throw_if_failed();
  /// Gives each chunk's results, in order.
  void take_results(FunctionRef<void(Decoder&, std::size_t)> decode);

  std::uint64_t entry = 0;  ///< of its slot, once it was given one

 private:
  MapJob(family::MemberId owner, std::uint32_t workers, std::string_view name, std::size_t count, int retries,
         const char* operation);
  [[nodiscard]] family::Offset allocate(std::size_t size);
  void free_results() noexcept;
  [[nodiscard]] std::span<ChunkResult> results() const;
  [[nodiscard]] std::span<JobError> errors() const;
  void collect_errors();
  /// Has all chunks that nobody has begun fail by that.
  void fail_free_chunks(std::exception_ptr why);
  [[nodiscard]] std::uint64_t finished_chunks() const noexcept;
  [[nodiscard]] std::size_t items_in(std::uint64_t chunk) const noexcept;

  family::Family& family_;
  family::MemberId owner_;
  std::uint32_t workers_;
  const char* operation_;
  std::string name_;
  std::size_t count_;
  int retries_;
  std::vector<family::Offset> blocks_;
  family::Offset job_ = 0;
  JobShared* shared_ = nullptr;
  std::atomic<std::uint32_t>* states_ = nullptr;
  FinishedCounter* finished_ = nullptr;
  std::uint64_t failed_by_owner_ = 0;
  std::map<std::uint64_t, int> tries_;                      // of chunks whose worker died
  std::map<std::uint64_t, std::exception_ptr> deaths_;      // chunks that failed for good by a death
  std::map<std::uint64_t, std::vector<std::byte>> errors_;  // what chunks threw, encoded
  std::exception_ptr abandoned_;
  std::uint64_t deaths_in_chunks_ = 0;
  std::uint64_t begun_before_ = 0;    // chunks that had been begun when a worker ended within the job the last time
  std::uint32_t ended_in_vain_ = 0;   // workers since then
  std::exception_ptr given_up_;       // why nobody begins those that were free then
  std::uint64_t first_given_up_ = 0;  // the first of them
};

}  // namespace cohort::detail
