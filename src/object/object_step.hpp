// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The objects' lock, held, and the steps that are taken under it: several stores that a death leaves all done or none.
//
// A step is written to the journal, committed by one store, and then applied. Who takes the lock after a death applies
// a committed journal again, which does no harm when it had been applied in part.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "family/family.hpp"
#include "family/process_page.hpp"
#include "object/objects.hpp"

namespace cohort::object {

/// Set in a ledger's entry that holds a parcel, not an object.
inline constexpr std::uint64_t kParcelTag = 1;
/// Set in the first word of a ledger, beside its capacity, when the parent granted what it holds.
inline constexpr std::uint64_t kGranted = std::uint64_t{1} << 63;

[[nodiscard]] const ObjectOperations& operations_of(std::uint32_t kind) noexcept;

using family::JournalRecord;
using family::kBeingFreed;
using family::kLedgerWord;
using family::kMostJournalWrites;
using family::kMostObjectKinds;
using family::ObjectsState;
using family::own_identity;

class ObjectStep {
 public:
  /// Takes the lock, and completes what a dead holder left.
  explicit ObjectStep(Family& family);
  ObjectStep(const ObjectStep&) = delete;
  ObjectStep& operator=(const ObjectStep&) = delete;

  [[nodiscard]] Family& family() noexcept { return family_; }
  [[nodiscard]] ObjectsState& state() noexcept { return state_; }
  /// The word at an offset, of the objects' state too.
  [[nodiscard]] std::atomic<std::uint64_t>& word(Offset at);
  [[nodiscard]] Offset offset_of(const std::atomic<std::uint64_t>& place) const;

  /// One more store of the step.
  void write(Offset at, std::uint64_t value);
  /// Does all stores since the last commit().
  void commit();
  /// Changes the number of live objects; part of the step.
  void count_live(ObjectKind kind, int change);

  // The ledger of this process. `self` is always this process's id.
  [[nodiscard]] bool has_ledger(MemberId self);
  [[nodiscard]] Offset ledger() const;
  [[nodiscard]] std::uint32_t capacity_of(Offset ledger);
  [[nodiscard]] static Offset entry_at(Offset ledger, std::uint32_t index) noexcept {
    return ledger + (1 + std::uint64_t{index}) * sizeof(std::uint64_t);
  }
  [[nodiscard]] Offset entry_at(std::uint32_t index) const;
  /// A ledger for a reserved member. `granted`: its entries wait for their member to take them over.
  Offset make_ledger(MemberId owner, std::uint32_t capacity, bool granted);
  /// The entry that the parent granted for this object, if there is one that was not taken over yet.
  [[nodiscard]] std::optional<Objects::Entry> take_granted(MemberId self, Offset object);
  [[nodiscard]] std::uint32_t take_index(MemberId self);
  void give_back_index(std::uint32_t index);
  /// Frees the ledger if it is this process's own.
  void forget_ledger(MemberId member);
  /// This process looks at its ledger anew: it has become a member that had one already.
  void look_at_ledger_anew() noexcept;

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
  void recover();
  void apply(std::uint64_t count);
  void finish_freeing();

  Family& family_;
  ObjectsState& state_;
  family::LockGuard guard_;
  std::uint64_t count_ = 0;
};

}  // namespace cohort::object
