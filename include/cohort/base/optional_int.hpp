// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A number that may not be there yet, and that can be printed: an exit code, a pid.
//
//   std::cout << process.exitcode() << "\n";       // "None" while it runs, "0" after a good end, "-9" after SIGKILL
//   if (process.exitcode() == 0) …
//   std::optional<int> code = process.exitcode();
//
// It behaves as std::optional<int>, for which nobody but the standard library may define operator<<. A plain value of
// eight bytes.
// Python: an int or None.
#pragma once

#include <compare>
#include <iosfwd>
#include <optional>

#include "cohort/base/export.hpp"

namespace cohort {

/// An int, or nothing.
class OptionalInt {
 public:
  /// Nothing.
  constexpr OptionalInt() noexcept = default;
  constexpr OptionalInt(std::nullopt_t) noexcept {}             // NOLINT(google-explicit-constructor): as std::optional
  constexpr OptionalInt(int value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): as std::optional
  /// Explicit, so that `condition ? p.exitcode() : std::optional<int>()` has one type that it can have.
  constexpr explicit OptionalInt(std::optional<int> value) noexcept : value_(value) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return value_.has_value(); }
  constexpr explicit operator bool() const noexcept { return value_.has_value(); }
  /// @throws std::bad_optional_access  there is none
  [[nodiscard]] constexpr int value() const { return value_.value(); }
  [[nodiscard]] constexpr int value_or(int otherwise) const noexcept { return value_.value_or(otherwise); }
  /// Only where there is one.
  [[nodiscard]] constexpr const int& operator*() const noexcept { return *value_; }
  constexpr operator std::optional<int>() const noexcept {
    return value_;
  }  // NOLINT(google-explicit-constructor): as above

  /// Nothing equals nothing only, and is less than any number.
  friend constexpr bool operator==(const OptionalInt&, const OptionalInt&) noexcept = default;
  friend constexpr auto operator<=>(const OptionalInt&, const OptionalInt&) noexcept = default;
  // One for each, so that neither the conversions nor the templates of std::optional come into question.
  friend constexpr bool operator==(const OptionalInt& a, const std::optional<int>& b) noexcept { return a.value_ == b; }
  friend constexpr bool operator==(const OptionalInt& a, int b) noexcept { return a.value_ == b; }
  friend constexpr bool operator==(const OptionalInt& a, std::nullopt_t) noexcept { return !a.value_; }
  friend constexpr std::strong_ordering operator<=>(const OptionalInt& a, const std::optional<int>& b) noexcept {
    return a.value_ <=> b;
  }
  friend constexpr std::strong_ordering operator<=>(const OptionalInt& a, int b) noexcept { return a.value_ <=> b; }

  /// Writes the number, or "None".
  friend COHORT_EXPORT std::ostream& operator<<(std::ostream& out, const OptionalInt& number);

 private:
  std::optional<int> value_;
};

}  // namespace cohort
