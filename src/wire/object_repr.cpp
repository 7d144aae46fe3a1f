// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Object::repr: the text that Python's repr() gives for the same value.
#include <array>
#include <charconv>
#include <cmath>

#include "cohort/wire/object.hpp"

namespace cohort {

namespace {

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

/// Bytes of the well-formed UTF-8 character at `at` (2 to 4), or 0.
std::size_t length_of_character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || text.size() - at < length) { return 0; }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) { return 0; }
  }
  // Too long forms, surrogates, beyond U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0) || (first == 0xf0 && byte(1) < 0x90) ||
      (first == 0xf4 && byte(1) >= 0x90)) {
    return 0;
  }
  return length;
}

/// Between quotes, single ones unless only they occur within. `utf8` leaves printable characters beyond ASCII alone.
void append_quoted(std::string& out, std::string_view text, bool utf8) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      append_escaped(out, byte);
    } else if (byte < 0x80) {
      out += c;
    } else if (const std::size_t length = utf8 ? length_of_character(text, at) : 0; length == 0) {
      append_escaped(out, byte);
    } else if (byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) <= 0xa0) {
      append_escaped(out, static_cast<unsigned char>(text[at + 1]));  // U+0080 … U+00A0: no ink
      at += length - 1;
    } else {
      out.append(text, at, length);
      at += length - 1;
    }
  }
  out += quote;
}

/// The shortest digits that give the same double, in Python's form: fixed from 1e-4 to below 1e16, else with an
/// exponent.
void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
    return;
  }
  const double size = std::fabs(value);
  std::array<char, 40> text;
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
  out += digits;
  if (fixed && digits.find('.') == digits.npos) { out += ".0"; }
}

void append(std::string& out, const Object& object);

template <class Range, class Each>
void append_joined(std::string& out, const char* open, const Range& range, const char* close, Each each) {
  out += open;
  bool first = true;
  for (const auto& item : range) {
    out += first ? "" : ", ";
    first = false;
    each(item);
  }
  out += close;
}

void append(std::string& out, const Object& object) {
  const auto item = [&](const Object& one) { append(out, one); };
  switch (object.kind()) {
    case ObjectKind::none: out += "None"; break;
    case ObjectKind::boolean: out += object.as_bool() ? "True" : "False"; break;
    case ObjectKind::integer: out += std::to_string(object.as_integer()); break;
    case ObjectKind::number: append_number(out, object.as_number()); break;
    case ObjectKind::text: append_quoted(out, object.as_text(), true); break;
    case ObjectKind::bytes: {
      const Object::Bytes& bytes = object.as_bytes();
      out += 'b';
      append_quoted(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, false);
      break;
    }
    case ObjectKind::list: append_joined(out, "[", object.as_list(), "]", item); break;
    case ObjectKind::tuple: append_joined(out, "(", object.as_tuple(), object.size() == 1 ? ",)" : ")", item); break;
    case ObjectKind::dict:
      append_joined(out, "{", object.as_dict(), "}", [&](const auto& entry) {
        append(out, entry.key);
        out += ": ";
        append(out, entry.value);
      });
      break;
    case ObjectKind::set:
      if (object.size() == 0) {
        out += "set()";
      } else {
        append_joined(out, "{", object.as_set(), "}", [&](const auto& entry) { append(out, entry.key); });
      }
      break;
  }
}

}  // namespace

std::string Object::repr() const {
  std::string out;
  append(out, *this);
  return out;
}

}  // namespace cohort
