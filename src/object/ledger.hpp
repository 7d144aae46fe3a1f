// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Ledgers: the blocks in which members keep their references, and what this process remembers of its own.
//
// A ledger is a word with its capacity, then as many entries: the offset of an object, that of a parcel with
// kParcelTag, or 0. Its member's record names it (MemberRecord::ledger). Everything here happens under the objects'
// lock.
#pragma once

#include <cstdint>
#include <optional>

#include "object/journal.hpp"

namespace cohort::object {

/// Set in a ledger's entry that holds a parcel, not an object.
inline constexpr std::uint64_t kParcelTag = 1;
/// Entries of a first ledger; with its head 512 bytes.
inline constexpr std::uint32_t kFirstLedger = 62;

/// The ledger of this process, which is the member that each `self` is.
class Ledger {
 public:
  explicit Ledger(Journal& journal) noexcept : journal_(journal), family_(journal.family()) {}

  /// A ledger for a reserved member. `granted`: its entries wait for their member to take them over.
  Offset make_for(MemberId owner, std::uint32_t capacity, bool granted);
  [[nodiscard]] std::uint32_t capacity_of(Offset ledger);
  [[nodiscard]] static Offset entry_at(Offset ledger, std::uint32_t index) noexcept {
    return ledger + (1 + std::uint64_t{index}) * sizeof(std::uint64_t);
  }

  /// Whether there is one. To be called first under each lock: it looks when this process has become another member.
  [[nodiscard]] bool exists(MemberId self);
  [[nodiscard]] Offset block() const;
  [[nodiscard]] Offset entry_at(std::uint32_t index) const;
  /// The entry that the parent granted for this object, if there is one that was not taken over yet.
  [[nodiscard]] std::optional<Objects::Entry> take_granted(MemberId self, Offset object);
  /// A vacant entry; where there is none the ledger is made, or grows.
  [[nodiscard]] std::uint32_t take_index(MemberId self);
  void give_back_index(std::uint32_t index);
  /// Frees the ledger if it is this process's own.
  void forget(MemberId member);
  /// This process looks at its ledger anew: it has become a member that had one already.
  void look_anew() noexcept;

 private:
  Journal& journal_;
  Family& family_;
};

}  // namespace cohort::object
