// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the layer above does for members that refer to shared objects: the family knows that a member has a ledger
// (MemberRecord::ledger), but not what stands in it.
//
// A program that makes no objects has no such layer, and none of its members has a ledger.
#pragma once

#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "family/layout.hpp"

namespace cohort::family {

class Family;

struct LedgerOperations {
  /// This process has joined the family, perhaps as a copy of a member: what its handles refer to is listed anew.
  /// Called without locks.
  void (*joined)() = nullptr;
  /// `dead` left a ledger. Repairs what it left to objects and drops its references; its blocks are freed next. `flags`
  /// are Members::flags() from before its death was learnt.
  /// Called without locks, by any process, also by several at once, and again when a repairer dies.
  /// Returns: false when somebody has taken the member over, and goes on
  bool (*member_died)(Family& family, MemberId dead, std::uint32_t flags) = nullptr;
  /// Has `take` make this process the member `dead`, while nobody repairs the ledger: this process looks at the ledger
  /// as at its own from then on.
  /// Returns: what `take` does; false, and nothing done, when there is no ledger any more
  bool (*take_over)(Family& family, MemberId dead, FunctionRef<bool()> take) = nullptr;
};

}  // namespace cohort::family
