// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a lock, or of a permit, when its holder dies: a choice of the object that is made.
//
//   cohort::Lock lock({.on_owner_death = cohort::OwnerDeath::poison});
//   cohort::Semaphore slots(4, {.on_owner_death = cohort::OwnerDeath::report});
//
// Python: none; there a lock whose holder died stays locked.
#pragma once

#include <cstdint>

namespace cohort {

/// What the death of a holder does.
enum class OwnerDeath : std::uint8_t {
  ignore,  ///< nothing: holders are not known, and what a dead one had stays taken. Semaphores only
  report,  ///< another may hold it from then on, and owner_died() says that a death has come before
  poison,  ///< as report, but acquire() throws LockOwnerDied until recover(). Locks only
};

}  // namespace cohort
