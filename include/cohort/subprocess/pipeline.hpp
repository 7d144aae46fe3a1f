// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Several programs in a row, each reading what the one before it writes.
//
//   std::string disks = pipeline({{"df", "-h"}, {"grep", "sda1"}}).output();
//   PipelineResult done = pipeline({{"yes"}, {"head", "-n", 3}}).run({.out = PIPE, .timeout = 5s});
//
// No shell takes part. We hold no end of the pipes between the programs, so that one whose reader has gone gets its
// SIGPIPE, and one whose writer has gone its end of file. A Pipeline is a plain value that describes; run() starts,
// and leaves nothing behind, whatever happens. Any thread. Python: has the user wire Popen objects and close the
// parent's copies by hand.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"

namespace cohort::subprocess {

/// What came of a pipeline.
struct COHORT_EXPORT PipelineResult {
  /// Each program in its place, with its status and what it used.
  std::vector<CompletedProcess> stages;
  /// What the last one wrote, and what all wrote to their standard error, where captured.
  std::string out;
  std::string err;
  std::uint64_t out_bytes = 0;

  /// True when all succeeded. A program before the last that ended by SIGPIPE has done its work: nobody wanted more.
  [[nodiscard]] bool success() const noexcept;
  /// Throws CalledProcessError for the last program that failed.
  void check() const;
};

/// A pipeline that runs, or waits for its turn, and its result to be; as AsyncRun is for one program.
class COHORT_EXPORT AsyncPipeline : public AsyncHandle {
 public:
  AsyncPipeline() noexcept = default;
  /// Waits, and gives the result or throws what Pipeline::run would have thrown; as AsyncRun::get.
  PipelineResult get(const Until& until = Until::never());

  using Awaiter = AsyncAwaiter<AsyncPipeline>;
  Awaiter operator co_await() & noexcept { return Awaiter(*this); }
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
  /// As AsyncRun's.
  Awaiter operator co_await() && = delete;
#else
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }
#endif

 private:
  friend class Pipeline;
  explicit AsyncPipeline(std::shared_ptr<detail::Job> job) noexcept : AsyncHandle(std::move(job)) {}
};

/// Programs in a row.
class COHORT_EXPORT Pipeline {
 public:
  Pipeline(std::initializer_list<Command> stages) : stages_(stages) {}
  explicit Pipeline(std::vector<Command> stages) : stages_(std::move(stages)) {}

  /// Runs all to their end. `in` and `input` are for the first program, `out` and its callbacks and limits for the last,
  /// `err = PIPE` gathers the errors of all; the rest of the options holds for each program. A time limit or a stop
  /// request kills all with what they started; so does an error of starting one. Throws as run() does.
  PipelineResult run(const Options& options = {}) const;
  /// run() without waiting for it; as run_async() for one program. The row takes one place of the limit.
  AsyncPipeline run_async(const Options& options = {}, const Limit& limit = {}) const;
  /// The output of the last; throws CalledProcessError when one failed.
  std::string output(const Options& options = {}) const;

  [[nodiscard]] const std::vector<Command>& stages() const noexcept { return stages_; }
  /// "df -h | grep sda1"
  [[nodiscard]] std::string to_string() const;

 private:
  PipelineResult run_as(std::string_view operation, const Options& options) const;

  std::vector<Command> stages_;
};

/// A Pipeline of commands in braces.
inline Pipeline pipeline(std::initializer_list<Command> stages) { return Pipeline(stages); }
/// A Pipeline of computed commands.
inline Pipeline pipeline(std::vector<Command> stages) { return Pipeline(std::move(stages)); }

}  // namespace cohort::subprocess
