// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shlex/character_set.hpp"

namespace cohort::shlex {

namespace {

// The bytes that the code point at the start of `text` takes, by RFC 3629: no overlong forms, no surrogates, nothing
// past U+10FFFF. 0 where there is none.
std::size_t code_point_length(std::string_view text) noexcept {
  auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  auto follows = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !follows(1)) return 0;
  if (first < 0xE0) return 2;
  unsigned second = at(1);
  if (!follows(2)) return 0;
  if (first < 0xF0) {
    bool overlong = first == 0xE0 && second < 0xA0;
    bool surrogate = first == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  bool overlong = first == 0xF0 && second < 0x90;
  bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || too_large || !follows(3) ? 0 : 4;
}

}  // namespace

std::string_view first_character(std::string_view text) noexcept {
  std::size_t length = code_point_length(text);
  return text.substr(0, length == 0 ? 1 : length);
}

CharacterSet::CharacterSet(std::string_view characters) { *this += characters; }

CharacterSet& CharacterSet::operator+=(std::string_view characters) {
  text_ += characters;
  for (char c : characters) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < kAscii) ascii_[byte] = true;
  }
  return *this;
}

void CharacterSet::remove(const CharacterSet& others) {
  CharacterSet left;
  for (std::string_view rest = text_; !rest.empty();) {
    std::string_view character = first_character(rest);
    if (!others.contains(character)) left += character;
    rest.remove_prefix(character.size());
  }
  *this = std::move(left);
}

bool CharacterSet::contains_beyond_ascii(std::string_view character) const noexcept {
  // Character by character: a lone byte must not be found inside the encoding of another character.
  for (std::string_view rest = text_; !rest.empty();) {
    std::string_view one = first_character(rest);
    if (one == character) return true;
    rest.remove_prefix(one.size());
  }
  return false;
}

}  // namespace cohort::shlex
