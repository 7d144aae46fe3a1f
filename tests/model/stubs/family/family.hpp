// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/family/family.hpp in ring_model_test.cpp, where no memory is shared.
#pragma once

#include <cstddef>

#include "family/layout.hpp"

namespace cohort::family {

class Family {
 public:
  static Family& instance() {
    static Family family;
    return family;
  }
  std::byte* address(Offset, std::size_t) { return nullptr; }
};

}  // namespace cohort::family
