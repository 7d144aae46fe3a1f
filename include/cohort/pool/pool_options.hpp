// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The options of a pool and of its calls.
#pragma once

#include <cstddef>
#include <optional>

#include "cohort/pool/partial.hpp"

namespace cohort {

enum class StartMethod : unsigned char;  // cohort/process/start_method.hpp

/// How a Pool is made.
struct PoolOptions {
  /// Workers; 0 means cpu_count(). @throws ValueError  negative, or more than 1024
  int processes = 0;
  /// Called in each worker before its first task. One that throws breaks the pool, which then throws the same.
  Partial initializer = {};
  /// nullopt: the program's method.
  std::optional<StartMethod> start_method = {};
};

/// How submit() runs one task.
struct TaskOptions {
  /// How often a task may be run again after its worker died. With a retry a task may have run more than once.
  int retries = 0;
};

/// How map() and starmap() cut and run their items.
struct MapOptions {
  /// Items that a worker takes at once; 0 chooses: small enough to balance, large enough to cost nothing.
  std::size_t chunksize = 0;
  /// How often a chunk may be run again after its worker died.
  int retries = 0;
};

/// How imap_unordered() cuts its items, and how far ahead it runs.
struct ImapOptions {
  /// Items that a task holds; 1 gives each result as soon as it is there.
  std::size_t chunksize = 1;
  /// Tasks that are under way or whose results wait to be taken; the input is drawn only so far ahead. 0: 64 a worker,
  /// at least 256.
  std::size_t window = 0;
  /// How often a task may be run again after its worker died.
  int retries = 0;
};

}  // namespace cohort
