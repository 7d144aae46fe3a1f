// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a thread cannot travel
#include <thread>

#include "cohort/wire/codec.hpp"

struct Worker {
  TWIN(std::thread, int) thread;
};

auto encode(const Worker& worker) { return cohort::encode(worker); }
