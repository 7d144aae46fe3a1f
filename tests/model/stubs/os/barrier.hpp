// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/os/barrier.hpp in ring_model_test.cpp.
#pragma once

namespace cohort::os {
void remote_fence();
}  // namespace cohort::os
