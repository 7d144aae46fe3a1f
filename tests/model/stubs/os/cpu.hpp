// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/os/cpu.hpp: no processors are known in the explored world.
#pragma once

namespace cohort::os {

inline int current_cpu() { return -1; }
inline int usable_cpus() { return 4; }
inline void yield_processor() {}

}  // namespace cohort::os
