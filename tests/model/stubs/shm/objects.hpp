// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/shm/objects.hpp in ring_model_test.cpp.
#pragma once

#include "shm/layout.hpp"

namespace cohort::shm {

class Objects {
 public:
  void ring(const void*) {}
};

}  // namespace cohort::shm
