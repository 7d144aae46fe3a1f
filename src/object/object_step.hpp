// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The objects' lock, held, and what is done under it: a journal to write steps to, this process's ledger, and the steps
// that make references come and go.
#pragma once

#include <atomic>
#include <cstdint>

#include "family/lock.hpp"
#include "object/journal.hpp"
#include "object/ledger.hpp"
#include "object/objects.hpp"

namespace cohort::object {

class ObjectStep : public Journal {
 public:
  /// Takes the lock, and completes what a dead holder left.
  explicit ObjectStep(Family& family);

  [[nodiscard]] Ledger& ledger() noexcept { return ledger_; }
  /// Changes the number of live objects; part of the step.
  void count_live(ObjectKind kind, int change);

  // Whole steps.
  Objects::Entry refer(MemberId self, Offset object);
  /// Drops the reference that the word at `at` is.
  void drop_reference(Offset at);
  /// The object at a place of a parcel, from 1; 0: there is none, or its reference is not there yet.
  [[nodiscard]] Offset object_in_parcel(Offset parcel, std::uint64_t place);
  /// Drops the parcel that the word at `at` names, and its references.
  void drop_parcel(Offset at);
  /// Frees the block that the word at `at` names.
  void free_named(Offset at, Offset block);
  /// Destroys the objects whose last reference went. Call at the end of what drops references.
  void collect();

 private:
  void repair();
  void finish_freeing();

  family::LockGuard guard_;
  Ledger ledger_;
};

}  // namespace cohort::object
