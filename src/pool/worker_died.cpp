// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/worker_died.hpp"

namespace cohort {

WorkerDied::WorkerDied(std::string_view operation, int pid, ExitStatus status, std::string_view task,
                       std::string_view last_words)
    : Error(operation, task,
            "its worker " + std::to_string(pid) + " " + status.to_string() +
                (last_words.empty() ? std::string() : " (" + std::string(last_words) + ")")),
      pid_(pid),
      status_(status) {}
WorkerDied::~WorkerDied() = default;
PoolBroken::~PoolBroken() = default;

}  // namespace cohort
