// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The forms are those of GNU coreutils 9.1.
#include "listing.hpp"

#include <cstddef>

namespace digest_tree {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// The length of the printable character that starts at `at`, 0 when there is none: a control byte, or no UTF-8.
std::size_t printable_length(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  unsigned char second = byte(at + 1);
  bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  bool surrogate = lead == 0xed && second > 0x9f;
  bool control = lead == 0xc2 && second < 0xa0;
  return overlong || surrogate || control || (lead == 0xf4 && second > 0x8f) ? 0 : length;
}

/// `'$'\n''` and the like: out of the quotes, one escape, and in again.
std::string escaped_byte(char c) {
  switch (c) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\t': return "\\t";
    case '\n': return "\\n";
    case '\v': return "\\v";
    case '\f': return "\\f";
    case '\r': return "\\r";
    default: break;
  }
  auto value = static_cast<unsigned char>(c);
  return {'\\', static_cast<char>('0' + (value >> 6)), static_cast<char>('0' + (value >> 3 & 7)),
          static_cast<char>('0' + (value & 7))};
}

}  // namespace

std::string list_line(const Digest& digest, std::string_view path) {
  std::string line;
  line.reserve(2 * digest.size() + path.size() + 4);
  if (path.find_first_of("\\\n\r") != std::string_view::npos) line += '\\';
  for (std::uint8_t byte : digest) {
    line += kHex[byte >> 4];
    line += kHex[byte & 15];
  }
  line += "  ";
  for (char c : path) {
    if (c == '\\')
      line += "\\\\";
    else if (c == '\n')
      line += "\\n";
    else if (c == '\r')
      line += "\\r";
    else
      line += c;
  }
  line += '\n';
  return line;
}

std::string quoted_name(std::string_view path) {
  bool printable = true;
  std::string quoted = "'";
  bool escaping = false;
  for (std::size_t at = 0; at < path.size();) {
    std::size_t length = printable_length(path, at);
    if (length == 0) {
      quoted += escaping ? "" : "'$'";
      quoted += escaped_byte(path[at]);
      escaping = true;
      printable = false;
      ++at;
      continue;
    }
    if (escaping) quoted += "''";
    escaping = false;
    if (path[at] == '\'')
      quoted += "'\\''";
    else
      quoted += path.substr(at, length);
    at += length;
  }
  quoted += '\'';
  bool special = path.empty() || path.find_first_of(" !\"$&'()*:;<=>?[\\^`|") != std::string_view::npos ||
                 path.starts_with('#') || path.starts_with('~');
  if (printable && !special) return std::string(path);
  bool only_apostrophes =
      printable && path.find('\'') != std::string_view::npos && path.find_first_of("\"$\\`!") == std::string_view::npos;
  return only_apostrophes ? '"' + std::string(path) + '"' : quoted;
}

}  // namespace digest_tree
