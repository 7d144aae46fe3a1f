// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/shm/family.hpp in ring_model_test.cpp, where no memory is shared.
#pragma once

#include "shm/objects.hpp"

namespace cohort::shm {

class Family {
 public:
  static Family& instance() {
    static Family family;
    return family;
  }
  Objects& objects() { return objects_; }
  std::byte* address(Offset, std::size_t) { return nullptr; }

 private:
  Objects objects_;
};

}  // namespace cohort::shm
