// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A pipe and its two ends as shared objects: how they are made, and what becomes of them when nobody refers to them any
// more. docs/formats/pipe.md.
#pragma once

#include <cstdint>
#include <utility>

#include "cohort/object/shared_handle.hpp"
#include "connection/pipe_layout.hpp"
#include "object/watch_point.hpp"

namespace cohort::connection {

/// A handle of one end.
class PipeEnd : public SharedHandle {
 public:
  static constexpr ObjectKind kKind = ObjectKind::connection;
  explicit PipeEnd(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  using SharedHandle::let_go;
  using SharedHandle::local_flags;

  /// Throws StateError when the end cannot be used (any more) in this process.
  [[nodiscard]] EndBody& end() const { return *static_cast<EndBody*>(body()); }
};

/// The two ends of a new pipe.
/// @throws OutOfFamilyMemory
[[nodiscard]] std::pair<PipeEnd, PipeEnd> make_pipe(bool duplex, std::uint64_t capacity);

[[nodiscard]] PipeBody& pipe_of(const EndBody& end);
/// What is ready when a receive at that end would not wait.
[[nodiscard]] object::WatchPoint watch_point_of(const EndBody& end);

}  // namespace cohort::connection
