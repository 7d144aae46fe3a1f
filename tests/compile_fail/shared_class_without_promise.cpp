// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: this class cannot be searched for pointers
#include "cohort/shared/value.hpp"

class Angle {
 public:
  explicit Angle(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }

 private:
  double degrees_;
};
template <>
inline constexpr bool cohort::may_be_shared<TWIN(Angle*, Angle)> = true;

void use() { cohort::Value<Angle> value(Angle(3)); }
