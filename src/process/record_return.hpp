// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Gives the records of ended children back to the family, at once or later.
//
// A process that is stopped (SIGSTOP) may hold a lock of the family that this takes. How a child ended is known without
// it, so join() and its kin do not wait for that process: what cannot be given back now is given back by the service
// thread.
// Threads: any. Starts the service thread, when the first record is put off.
#pragma once

#include <memory>

#include "process/running_child.hpp"

namespace cohort::detail {

/// Calls child->release_record() once that can be done: as a rule now; on the service thread while another process
/// holds a lock of the family for longer than 20 ms, or while other records wait there. Throws what release_record()
/// throws otherwise.
void give_record_back(std::shared_ptr<RunningChild> child);
/// The same for the record of a child that could not be started, or is nobody's. Without memory to remember it the
/// record stays taken as long as this process runs.
void give_record_back(family::MemberId member) noexcept;

/// In a forked child: what waits is the parent's.
void forget_records() noexcept;

}  // namespace cohort::detail
