// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One pass over files: batches of about equal work, digested by a pool.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chaos.hpp"
#include "digest.hpp"
#include "tree.hpp"

namespace digest_tree {

/// Divides files into batches that keep `processes` workers busy to the end: large files first and alone, then small
/// ones together in path order. A condemned file (`victims`, ascending) ends its batch, so that a batch loses its
/// worker to chaos once at most.
[[nodiscard]] std::vector<Batch> make_batches(const Tree& tree, std::span<const std::uint32_t> victims, int processes);

struct PassOptions {
  int processes = 0;
  /// Called in the pass's thread when results have come, and ten times a second.
  std::function<void(std::uint64_t bytes_done, std::uint64_t files_done)> on_progress = {};
  /// Kill the workers that come to the batches' condemned files.
  std::vector<std::uint32_t> victims = {};
};

/// A pass's results.
struct Pass {
  std::vector<Outcome> outcomes;  ///< each file at most once, in no order
  std::vector<Problem> problems;  ///< files whose worker failed again and again
  std::vector<Kill> kills;        ///< who was killed at which condemned file
  double seconds = 0;             ///< from the start of the pool to its last worker's end
};

/// Digests all batches. Throws what a pool throws when it cannot work at all.
[[nodiscard]] Pass run_pass(std::vector<Batch> batches, const PassOptions& options);

/// Time of one process against that of many, for the same files.
struct SpeedUp {
  double one = 0;
  double many = 0;
  std::uint64_t bytes = 0;
  bool whole_tree = true;
};

/// Runs a tree, or a sample of it when it is large, with one worker and with `processes`, in turns, from the page
/// cache.
[[nodiscard]] SpeedUp measure_speed_up(const Tree& tree, int processes);

}  // namespace digest_tree
