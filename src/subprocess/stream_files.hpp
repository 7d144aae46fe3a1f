// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The files that a program's standard streams are redirected to, opened before it starts: a named pipe may let that
// wait, and neither a time limit nor other programs may wait with it.
#pragma once

#include <array>
#include <optional>

#include "cohort/subprocess/options.hpp"
#include "os/file_opening.hpp"

namespace cohort::subprocess::detail {

/// Opens what Redirect::file and append name.
class StreamFiles {
 public:
  explicit StreamFiles(const Options& options);

  /// Opens what can be opened now; true when all is open. Never waits. Throws SpawnError.
  bool try_open();
  /// When to try again.
  [[nodiscard]] Deadline next_look();
  /// Has `options` name the open descriptors; they live as long as this.
  void put_into(Options& options) const;

 private:
  struct Stream {
    std::optional<os::FileOpening> opening;
    os::Fd fd;
  };
  std::array<Stream, 3> streams_;
};

}  // namespace cohort::subprocess::detail
