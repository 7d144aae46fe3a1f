// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "park/fence.hpp"

namespace cohort::park {

// An exchange, because ThreadSanitizer knows no fences.
void full_fence() noexcept {
  static std::atomic<int> word{0};
  // SYNC(sleepers): between a store and the load that follows, where the other side's fence does not reach
  word.exchange(1, std::memory_order_seq_cst);
}

}  // namespace cohort::park
