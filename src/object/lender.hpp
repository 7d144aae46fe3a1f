// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// References that a message brought, for handles that cannot have their own yet.
//
// A handle that is made of a message needs a reference, and so the objects' lock, when the message has been taken
// already: giving up then would lose it. Where the lock cannot be had in a moment, since its holder may be stopped, the
// handle keeps the message's references instead, until it is used at a time when the lock can be had.
#pragma once

#include <memory>
#include <utility>

#include "object/objects.hpp"

namespace cohort::object {

/// In Objects::Entry::index: the handle has no entry of its own in the ledger.
inline constexpr std::uint32_t kBorrowed = UINT32_MAX;

/// A parcel of this process, freed with its last user.
class Lender {
 public:
  explicit Lender(Parcel parcel) noexcept : parcel_(std::move(parcel)) {}
  ~Lender() = default;
  Lender(const Lender&) = delete;
  Lender& operator=(const Lender&) = delete;
  /// Whether the object is one of the parcel's.
  [[nodiscard]] bool holds(Offset object) const noexcept;

 private:
  Parcel parcel_;
};

/// While it exists, what this thread decodes may borrow of the lender.
class Lending {
 public:
  explicit Lending(std::shared_ptr<Lender> from) noexcept;
  ~Lending();
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;
  /// nullptr: there is none.
  [[nodiscard]] static Lending* current() noexcept;

  const std::shared_ptr<Lender> lender;
  bool locked_out = false;  ///< the lock could not be had: one wait for all handles of a message

 private:
  Lending* before_;
};

}  // namespace cohort::object
