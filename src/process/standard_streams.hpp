// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Standard streams of children.
#pragma once

namespace cohort::detail {

/// Writes out what stdout, stderr, cout, cerr and clog hold, so that a forked copy does not write it again. Failing
/// streams are left alone.
void flush_standard_streams() noexcept;
/// Has stdout and stderr (and cout and cerr with them) give out whole lines, each with one write(2), so that lines of
/// several processes do not mix. A line longer than 64 KiB is cut there.
void make_standard_streams_line_buffered() noexcept;

}  // namespace cohort::detail
