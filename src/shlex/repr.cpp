// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "shlex/repr.hpp"

#include "cohort/shlex/character_set.hpp"

namespace cohort::shlex {

namespace {

void append_hex(std::string& out, std::string_view prefix, unsigned value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += prefix;
  out += kDigits[value >> 4U & 15U];
  out += kDigits[value & 15U];
}

// Latin-1's controls, its no-break space and its soft hyphen.
bool is_unprintable_latin(std::string_view character) {
  if (character.size() != 2 || character[0] != '\xC2') return false;
  auto second = static_cast<unsigned char>(character[1]);
  return second <= 0xA0 || second == 0xAD;
}

void append_character(std::string& out, std::string_view character, char mark) {
  auto byte = static_cast<unsigned char>(character.front());
  if (character.size() > 1) {
    if (is_unprintable_latin(character)) {
      append_hex(out, "\\x", static_cast<unsigned char>(character[1]));
    } else {
      out += character;
    }
  } else if (byte >= 0x80) {
    append_hex(out, "\\udc", byte);
  } else if (character == "\n") {
    out += "\\n";
  } else if (character == "\r") {
    out += "\\r";
  } else if (character == "\t") {
    out += "\\t";
  } else if (byte < 0x20 || byte == 0x7F) {
    append_hex(out, "\\x", byte);
  } else {
    if (character[0] == mark || character == "\\") out += '\\';
    out += character;
  }
}

}  // namespace

std::string repr(std::string_view text) {
  bool single = text.find('\'') != std::string_view::npos;
  bool twice = text.find('"') != std::string_view::npos;
  char mark = single && !twice ? '"' : '\'';
  std::string out(1, mark);
  while (!text.empty()) {
    std::string_view character = first_character(text);
    append_character(out, character, mark);
    text.remove_prefix(character.size());
  }
  out += mark;
  return out;
}

}  // namespace cohort::shlex
