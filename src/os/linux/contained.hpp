// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Starting a program under a supervisor (supervisor/main.cpp), and talking to that.
#pragma once

#include "os/fd.hpp"
#include "os/linux/supervisor/protocol.hpp"
#include "os/spawn.hpp"

namespace cohort::os {

struct Contained {
  pid_t pid = -1;  ///< the program's
  Fd control;      ///< closing it ends everything
  Spawned supervisor;
};

/// Throws what spawn() throws, with the program's errors.
[[nodiscard]] Contained start_contained(const SpawnPlan& plan);
/// False: nothing has come yet. A supervisor that is gone gives a message of kind `failed`.
bool receive_from_supervisor(int control, bool wait, supervisor::Message& message);
/// False: it is gone.
bool send_to_supervisor(int control, const supervisor::Message& message);

}  // namespace cohort::os
