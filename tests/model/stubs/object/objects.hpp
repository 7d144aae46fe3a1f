// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/object/objects.hpp in ring_model_test.cpp.
#pragma once

#include "family/family.hpp"

namespace cohort::object {

class Objects {
 public:
  explicit Objects(family::Family&) noexcept {}
  void ring(const void*) {}
};

}  // namespace cohort::object
