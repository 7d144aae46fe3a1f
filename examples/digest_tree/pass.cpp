// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
#include "pass.hpp"

#include <algorithm>
#include <chrono>
#include <cohort/pool.hpp>
#include <exception>
#include <memory>
#include <unordered_set>
#include <utility>

namespace digest_tree {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Opening, stat and closing cost as much as hashing so many bytes.
constexpr std::uint64_t kFileCost = 16 << 10;
// Small enough that the last batches end together, large enough that handing them over costs nothing.
constexpr std::uint64_t kLeastBatch = 256 << 10;
constexpr std::uint64_t kLargestBatch = 8 << 20;
// A worker that dies at a batch though no chaos struck may be unlucky; one that dies three times is not.
constexpr int kRetries = 3;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Batches in the workers' hands, and which files are still to come.
class Collector {
 public:
  Collector(Pass& pass, const PassOptions& options) : pass_(pass), options_(options) {}

  void take(std::vector<Outcome>&& outcomes) {
    for (Outcome& outcome : outcomes) {
      done_.insert(outcome.file);
      bytes_ += outcome.bytes;
      pass_.outcomes.push_back(outcome);
    }
    report();
  }
  void report() const {
    if (options_.on_progress) options_.on_progress(bytes_, pass_.outcomes.size());
  }
  [[nodiscard]] bool has(std::uint32_t file) const { return done_.contains(file); }

 private:
  Pass& pass_;
  const PassOptions& options_;
  std::unordered_set<std::uint32_t> done_;
  std::uint64_t bytes_ = 0;
};

/// Takes the results of all batches; true when every batch gave one.
bool take_all(cohort::Pool& pool, const std::vector<Batch>& batches, Collector& collector) {
  auto results = pool.imap_unordered<digest_batch>(batches, {.retries = kRetries});
  bool all = true;
  for (;;) {
    try {
      auto outcomes = results.next(100ms);
      if (!outcomes) return all;
      collector.take(std::move(*outcomes));
    } catch (const cohort::TimeoutError&) { collector.report(); } catch (const cohort::PoolBroken&) {
      throw;
    } catch (const std::exception&) {
      all = false;  // which batch it was shows at the end
    }
  }
}

/// The files of failed batches, each on its own: one of them takes its worker along, the others must not pay for it.
void retry_alone(cohort::Pool& pool, const std::vector<Batch>& batches, Collector& collector, Pass& pass) {
  for (const Batch& batch : batches) {
    for (const Item& item : batch.items) {
      if (collector.has(item.file)) continue;
      Batch alone{.items = {item}, .follow = batch.follow, .executioner = batch.executioner};
      try {
        collector.take(pool.submit<digest_batch>({.retries = 0}, alone).get());
      } catch (const cohort::PoolBroken&) { throw; } catch (const std::exception& error) {
        pass.problems.push_back({item.path, error.what()});
      }
    }
  }
}

/// Batches from all over the tree whose bytes are `limit` at most. A single file may be too large.
std::vector<Batch> sample(const std::vector<Batch>& batches, std::uint64_t total, std::uint64_t limit,
                          std::uint64_t& bytes) {
  std::vector<Batch> chosen;
  auto step = static_cast<std::size_t>(total / limit + 1);
  for (std::size_t i = 0; i < batches.size(); i += step) {
    std::uint64_t size = 0;
    for (const Item& item : batches[i].items) size += item.bytes;
    if (bytes + size > limit) continue;
    bytes += size;
    chosen.push_back(batches[i]);
  }
  return chosen;
}

}  // namespace

std::vector<Batch> make_batches(const Tree& tree, std::span<const std::uint32_t> victims, int processes) {
  std::uint64_t cost = tree.bytes + kFileCost * tree.files.size();
  std::uint64_t target = std::clamp(cost / (32 * static_cast<std::uint64_t>(processes)), kLeastBatch, kLargestBatch);
  std::vector<Batch> large, small;
  Batch batch{.follow = tree.follow};
  std::uint64_t batch_cost = 0;
  auto finish = [&](std::vector<Batch>& to) {
    if (batch.items.empty()) return;
    to.push_back(std::move(batch));
    batch = Batch{.follow = tree.follow};
    batch_cost = 0;
  };
  auto victim = victims.begin();
  for (std::uint32_t i = 0; i < tree.files.size(); ++i) {
    const File& file = tree.files[i];
    bool condemned = victim != victims.end() && *victim == i;
    if (condemned) ++victim;
    Item item{.file = i, .bytes = file.bytes, .condemned = condemned, .path = file.path};
    if (file.bytes >= target) {
      large.push_back({.items = {std::move(item)}, .follow = tree.follow});
      continue;
    }
    batch.items.push_back(std::move(item));
    batch_cost += kFileCost + file.bytes;
    if (batch_cost >= target || condemned) finish(small);
  }
  finish(small);
  std::ranges::sort(large, std::greater<>{}, [](const Batch& b) { return b.items.front().bytes; });
  std::ranges::move(small, std::back_inserter(large));
  return large;
}

Pass run_pass(std::vector<Batch> batches, const PassOptions& options) {
  Pass pass;
  Clock::time_point start = Clock::now();
  cohort::Pool pool({.processes = options.processes});
  std::unique_ptr<Executioner> executioner;
  if (!options.victims.empty()) {
    auto is_worker = [&pool](int pid) { return std::ranges::count(pool.worker_pids(), pid) > 0; };
    executioner = std::make_unique<Executioner>(options.victims, is_worker);
    for (Batch& batch : batches) batch.executioner = executioner->address();
  }
  Collector collector(pass, options);
  if (!take_all(pool, batches, collector)) retry_alone(pool, batches, collector, pass);
  if (executioner) pass.kills = executioner->kills();
  executioner.reset();
  pool.close();
  pool.join();
  pass.seconds = seconds_since(start);
  return pass;
}

SpeedUp measure_speed_up(const Tree& tree, int processes) {
  // Half a gigabyte: about a second of one process, long against the start of a pool, and it stays in the page cache.
  constexpr std::uint64_t kSample = 512 << 20;
  SpeedUp result{.whole_tree = tree.bytes <= kSample};
  std::vector<Batch> batches = sample(make_batches(tree, {}, processes), tree.bytes, kSample, result.bytes);
  if (batches.empty()) return result;
  auto time = [&](int workers) { return run_pass(batches, {.processes = workers}).seconds; };
  result.many = time(processes);  // reads what has left the page cache, and counts only if no later pass is better
  result.one = time(1);
  // In turns and the best of each: something else may use the machine now and then.
  Clock::time_point start = Clock::now();
  for (int round = 0; round < 5 && seconds_since(start) < 2.0; ++round) {
    result.many = std::min(result.many, time(processes));
    result.one = std::min(result.one, time(1));
  }
  return result;
}

}  // namespace digest_tree
