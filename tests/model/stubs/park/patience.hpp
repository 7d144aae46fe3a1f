// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/park/patience.hpp: a sleep ends when nobody can run, and then all is looked for.
#pragma once

#include "cohort/base/deadline.hpp"

namespace cohort::park {

class Patience {
 public:
  [[nodiscard]] static constexpr Patience of_an_idle_waiter() { return {}; }
  [[nodiscard]] static constexpr Patience of_a_rest() { return {}; }
  [[nodiscard]] Deadline next() const { return Deadline::never(); }
  void lengthen() {}
  [[nodiscard]] bool looks_closer() const { return true; }
  [[nodiscard]] bool looks_closest() const { return true; }
};

}  // namespace cohort::park
