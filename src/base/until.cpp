// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/until.hpp"

#include "cohort/base/error.hpp"

namespace cohort::detail {

constinit const Until kNoLimit;

void throw_stopped(std::string_view operation, std::string_view subject) {
  throw Stopped(operation, subject, "a stop was requested");
}

}  // namespace cohort::detail
