// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: this process's environment, entry by entry.
#pragma once

#include <string>
#include <vector>

namespace cohort::os {

/// A copy of all "NAME=value" entries, as they are.
[[nodiscard]] std::vector<std::string> environment();
/// True when some name has more than one entry, as no shell makes it, but whoever executes us can.
[[nodiscard]] bool environment_repeats_names();

}  // namespace cohort::os
