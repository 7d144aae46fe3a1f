// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// C++ text as tokens, without a preprocessor: what a check of calls needs, and nothing that needs a compile database.
//
//   TokenizedSource source = tokenize(text);
//
// Line splices, comments, raw strings, digraphs, prefixes and suffixes of literals are read as the standard says.
// Macros are not expanded. Of the directives, #define keeps its body (at the end of the tokens, in a region of its
// own), and what stands in `#if 0` is left out. Any bytes whatever are accepted, in time linear in their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::scan {

inline constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

enum class TokenKind : std::uint8_t { identifier, number, string, character, punctuation };

struct Token {
  TokenKind kind = TokenKind::punctuation;
  /// As written, without splices; the characters meant, for literals.
  std::string text;
  std::uint32_t offset = 0;
  /// From 1.
  std::uint32_t line = 1;
  /// The index of the bracket that belongs to this one; kNone for what is no bracket, or has no other half.
  std::size_t match = kNone;

  [[nodiscard]] bool is(std::string_view punctuation) const {
    return kind == TokenKind::punctuation && text == punctuation;
  }
  [[nodiscard]] bool names(std::string_view name) const { return kind == TokenKind::identifier && text == name; }
};

struct Comment {
  std::uint32_t first_line = 1;
  std::uint32_t last_line = 1;
  std::string text;
};

/// The body of a #define, as a range of the tokens.
struct Macro {
  std::string name;
  bool takes_arguments = false;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::string> parameters = {};
};

struct TokenizedSource {
  std::vector<Token> tokens;
  /// Tokens before this one are the text; those from here on are the bodies of macros.
  std::size_t text_end = 0;
  std::vector<Comment> comments;
  std::vector<Macro> macros;
};

/// @param text  the bytes of a file, below 4 GiB
/// Cost: linear; five bytes of memory for each byte, besides the tokens
TokenizedSource tokenize(std::string_view text);

}  // namespace cohort::scan
