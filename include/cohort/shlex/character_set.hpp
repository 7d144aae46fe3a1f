// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A set of characters that is written as a string of UTF-8: `lexer.wordchars += "-.";`
//
// A character is one encoded code point, or one byte that is no part of any. Asking for an ASCII character costs one
// load. Python: a str of which only `in`, `=` and `+=` are used.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "cohort/base/export.hpp"

namespace cohort::shlex {

/// The character that `text` begins with: its bytes, at least one. `text` is not empty.
[[nodiscard]] COHORT_EXPORT std::string_view first_character(std::string_view text) noexcept;

/// A set of characters, with the string it was written as.
class COHORT_EXPORT CharacterSet {
 public:
  CharacterSet() = default;
  /// The characters of a string.
  CharacterSet(std::string_view characters);  // NOLINT(google-explicit-constructor): assigned like a string
  CharacterSet(const char* characters) : CharacterSet(std::string_view(characters)) {}         // NOLINT: likewise
  CharacterSet(const std::string& characters) : CharacterSet(std::string_view(characters)) {}  // NOLINT: likewise

  /// Adds characters.
  CharacterSet& operator+=(std::string_view characters);
  /// Takes characters out.
  void remove(const CharacterSet& others);

  /// True when `character`, as first_character() gives it, is one of them. Nothing is in no set.
  [[nodiscard]] bool contains(std::string_view character) const noexcept {
    if (character.empty()) return false;
    auto byte = static_cast<unsigned char>(character.front());
    return byte < kAscii ? ascii_[byte] : contains_beyond_ascii(character);
  }
  /// The characters, as they were given.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const CharacterSet& a, const CharacterSet& b) noexcept { return a.text_ == b.text_; }

 private:
  static constexpr std::size_t kAscii = 128;
  [[nodiscard]] bool contains_beyond_ascii(std::string_view character) const noexcept;

  std::string text_;
  std::array<bool, kAscii> ascii_{};
};

}  // namespace cohort::shlex
