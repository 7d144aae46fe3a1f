// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: a memory fence that one side pays for both.
//
// Two sides that each store and then load what the other stored need a full fence each. Where one side does that
// millions of times a second and the other is about to sleep, the sleeper issues the fence on every processor that runs
// one of the processes that take part, and the frequent side needs none.
#pragma once

namespace cohort::os {

/// This process takes part from now on (and so do its forked children; a new program must ask again). False when the
/// system has no such fence: use a full fence on both sides.
[[nodiscard]] bool join_remote_fences() noexcept;
/// A full fence in every thread of every process that takes part, and in the calling one. 0.4 µs.
void remote_fence() noexcept;

}  // namespace cohort::os
