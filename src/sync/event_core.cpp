// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/event_core.hpp"

namespace cohort::sync {

template struct BasicEventCore<System>;

}  // namespace cohort::sync
