// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of the shared objects that this process has handles of.
#pragma once

namespace cohort::object {

/// A copy of the process has joined the family: its handles get references of their own. Objects that have ended since
/// the copy was made throw when used.
void relist_local_objects();
/// Every handle has a reference of its own, none borrows (lender.hpp): for a copy of the ledger. Under ObjectsTurn.
void settle_local_objects();

}  // namespace cohort::object
