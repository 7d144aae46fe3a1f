// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a std::atomic would be copied, not shared
#include <atomic>

#include "cohort/wire/codec.hpp"

struct Counter {
  TWIN(std::atomic<int>, int) count;
};

auto encode(const Counter& counter) { return cohort::encode(counter); }
