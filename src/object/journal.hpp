// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The journal of the shared objects: several stores that a death leaves all done or none.
//
//   journal.write(entry, object);
//   journal.write(count, 2);
//   journal.commit();                 // both are done
//
// A step is written to the journal, committed by one store, and then applied. Who takes the objects' lock after a death
// replays what was committed, which does no harm where it had been applied in part. docs/formats/shared-objects.md,
// "Steps". Everything here happens under that lock, which ObjectStep holds.
#pragma once

#include <atomic>
#include <cstdint>

#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort::object {

class Journal {
 public:
  explicit Journal(Family& family) noexcept : family_(family), state_(family.header().objects) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] Family& family() noexcept { return family_; }
  [[nodiscard]] family::ObjectsState& state() noexcept { return state_; }
  /// The word at an offset, of the objects' state too.
  [[nodiscard]] std::atomic<std::uint64_t>& word(Offset at);
  [[nodiscard]] Offset offset_of(const std::atomic<std::uint64_t>& place) const;

  /// One more store of the step.
  /// @throws ValueError when the step has more than kMostJournalWrites, or `at` is not in the family memory
  void write(Offset at, std::uint64_t value);
  /// Does all stores since the last commit().
  void commit();
  /// Does what a dead holder of the lock committed.
  void replay();

 protected:
  Family& family_;
  family::ObjectsState& state_;

 private:
  void apply(std::uint64_t count);

  std::uint64_t count_ = 0;
};

}  // namespace cohort::object
