// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/sync/system.hpp where a core is compiled over the explorer's memory (ring_model_test.cpp): the same
// names, without clocks.
#pragma once

#include "cohort/base/deadline.hpp"
#include "os/futex.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

class Spin {
 public:
  explicit Spin(bool) {}
  bool again() { return looks_-- > 0; }

 private:
  int looks_ = 1;
};

class Patience {
 public:
  [[nodiscard]] Deadline next() const { return Deadline::never(); }
  bool lengthen() { return true; }
};

struct System {
  static void light_fence(const ThreadSelf&) {}
};

}  // namespace cohort::sync
