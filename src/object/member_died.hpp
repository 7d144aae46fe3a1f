// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a death leaves to objects is repaired by any member of the family: this layer's part of it.
#pragma once

namespace cohort::object {

/// Tells the family whom to ask for members that have a ledger (Family::keep_ledgers). Called with each ledger that is
/// made: a program may make its first object before the initialisers of this library have run.
void keep_ledgers() noexcept;

}  // namespace cohort::object
