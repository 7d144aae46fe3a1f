// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner of a parcel: references to the objects that a message names, while it is under way. Not for users.
//
// It is made in our ledger. give_to() has a word of an object name it instead, in one step, and take_from() is the way
// back. A parcel belongs to a ledger or to one word elsewhere: never to both, never to neither, whoever dies when.
// Destruction drops its references, at once or when the objects' lock can be had. A copy of the process that a fork
// made is no owner, and drops nothing; nor does a process that has left its family.
// Threads: as any value: one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "cohort/base/export.hpp"

namespace cohort::object {

/// One store that a step does together with its own.
struct JournalWrite {
  std::uint64_t at = 0;  ///< offset of an aligned 64-bit word in the family memory
  std::uint64_t value = 0;
};

class COHORT_EXPORT Parcel {
 public:
  /// None.
  Parcel() noexcept = default;
  /// A parcel with a reference to each object (by offset), all of which this process refers to. None for no objects.
  /// @throws OutOfFamilyMemory; nothing was done
  explicit Parcel(std::span<const std::uint64_t> objects);
  /// Takes the parcel that `word`, of the family memory, names; the word is 0 then.
  /// @throws OutOfFamilyMemory; nothing was done
  [[nodiscard]] static Parcel take_from(std::atomic<std::uint64_t>& word);
  /// Takes a parcel in one step with `also`, which takes it away from where it was (at most 4).
  [[nodiscard]] static Parcel take(std::uint64_t parcel, std::span<const JournalWrite> also);

  Parcel(Parcel&& other) noexcept
      : offset_(std::exchange(other.offset_, 0)), owner_(other.owner_), index_(other.index_) {}
  Parcel& operator=(Parcel&& other) noexcept {
    Parcel old(std::exchange(offset_, std::exchange(other.offset_, 0)), std::exchange(owner_, other.owner_),
               std::exchange(index_, other.index_));
    return *this;
  }
  ~Parcel() {
    if (offset_ != 0) free();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return offset_ != 0; }
  /// Where it lies in the family memory; 0: none.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  /// Gives it to `word` of the family memory, in one step with `also` (at most 3). It is no parcel of this object then.
  void give_to(std::atomic<std::uint64_t>& word, std::span<const JournalWrite> also = {});
  /// Gives it away in one step with `also`, which stores it, or what names it, elsewhere (at most 4).
  void give(std::span<const JournalWrite> also);

 private:
  Parcel(std::uint64_t offset, std::uint64_t owner, std::uint32_t index) noexcept
      : offset_(offset), owner_(owner), index_(index) {}
  void free() noexcept;

  std::uint64_t offset_ = 0;
  std::uint64_t owner_ = 0;  // the member that has it in its ledger, packed
  std::uint32_t index_ = 0;  // its place there
};

}  // namespace cohort::object
