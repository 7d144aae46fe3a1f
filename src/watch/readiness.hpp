// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Starts a thread: one a process, at the first fileno() of a pipe in memory or a queue; it ends when the last of them
// is closed or let go.
//
// Descriptors that poll(2) and its kin find readable exactly while a receive would not wait: an eventfd for each
// object, which the thread sets and clears. It sleeps on the family's watch word, as wait() does (src/wait/wait.cpp),
// looks at the objects when that rings, and each 100 ms: for deaths, and for what other processes took.
//
// A process that takes something looks itself, at once, so its own descriptor is never readable without reason.
// No readiness is lost: who clears a descriptor marks the ring first, fences, and looks at it again. So either that
// look sees a message, or its sender sees the mark and rings.
//
// Fork: the child has no thread and no part in its parent's descriptors; its first fileno() makes its own.
#pragma once

#include <cstdint>

#include "cohort/object/shared_handle.hpp"
#include "object/watch_point.hpp"
#include "watch/local_state.hpp"

namespace cohort::watch {

/// The descriptor of an object in this process, made at the first call, which marks `state` as polled.
/// @throws OsError when there is no descriptor or no thread to be had
[[nodiscard]] int polled_descriptor(const SharedHandle& handle, LocalState state, const object::WatchPoint& point);
void look_after_taking(const SharedHandle& handle, LocalState state) noexcept;
/// To be called when this process may have taken something from an object: clears the descriptor, if it has one, when
/// nothing is left.
inline void note_taking(const SharedHandle& handle, LocalState state) noexcept {
  if (state.polled()) [[unlikely]]
    look_after_taking(handle, state);
}
/// Closes the descriptor, though handles remain.
void end_polling(const SharedHandle& handle, LocalState state) noexcept;
/// How often a look by the clock found something ready that nobody had rung for; for tests. A death can leave such a
/// thing.
[[nodiscard]] std::uint64_t unrung_readiness() noexcept;

}  // namespace cohort::watch
