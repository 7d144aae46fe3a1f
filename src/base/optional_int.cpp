// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/optional_int.hpp"

#include <ostream>

namespace cohort {

std::ostream& operator<<(std::ostream& out, const OptionalInt& number) {
  return number ? out << *number : out << "None";
}

}  // namespace cohort
