// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What must hold for any text at all that the scanner reads; for the fuzzer and for the unit test.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "scan/lexer.hpp"
#include "scan/scan_text.hpp"

namespace cohort::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Tokens stand in order within the text, brackets belong to each other, and each finding is on a line that there is,
/// once only, and the same in a second scan. Throws std::logic_error where it does not hold.
inline void check_scan(std::string_view text) {
  const scan::TokenizedSource source = scan::tokenize(text);
  require(source.text_end <= source.tokens.size(), "the text ends within the tokens");
  require(source.tokens.size() <= text.size(), "no more tokens than bytes");
  auto lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
  for (std::size_t i = 0; i < source.tokens.size(); ++i) {
    const scan::Token& token = source.tokens[i];
    require(token.offset < text.size() && token.line >= 1 && token.line <= lines, "a token stands in the text");
    bool follows = i == 0 || i == source.text_end || source.tokens[i - 1].offset < token.offset;
    require(follows, "tokens stand in order");
    require(token.text.size() <= text.size(), "a token is no longer than the text");
    if (token.match == scan::kNone) continue;
    require(token.match < source.tokens.size() && token.match != i, "a bracket's other half is a token");
    require((i < source.text_end) == (token.match < source.text_end), "brackets do not reach into macros");
  }
  for (const scan::Comment& comment : source.comments)
    require(comment.first_line <= comment.last_line && comment.last_line <= lines, "a comment stands in the text");
  const std::vector<scan::Finding> findings = scan::scan_text(text);
  for (const scan::Finding& finding : findings) {
    require(finding.rule != nullptr && finding.line >= 1 && finding.line <= lines && finding.column >= 1,
            "a finding stands in the text");
    require(text.find(finding.source) != std::string_view::npos, "a finding shows its line");
  }
  require(scan::scan_text(text).size() == findings.size(), "two scans find the same");
}

}  // namespace cohort::fuzz
