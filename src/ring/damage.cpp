// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/damage.hpp"

#include <string>

#include "cohort/base/error.hpp"

namespace cohort::ring {

void throw_damaged(const char* what) {
  throw StateError("Queue", "", std::string("the queue's memory is damaged: ") + what);
}

}  // namespace cohort::ring
