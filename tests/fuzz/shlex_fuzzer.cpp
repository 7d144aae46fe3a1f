// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whatever the text: the tokenizer ends, a joined list splits into itself, a quoted text is one word, a text and a
// stream give the same tokens, and no byte comes out that did not go in.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"

namespace {

using cohort::shlex::Shlex;
using cohort::shlex::ShlexOptions;

struct Outcome {
  std::vector<std::string> words;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

void require(bool holds) {
  if (!holds) std::abort();
}

Outcome read(Shlex& lexer, std::uint8_t choice, std::size_t most) {
  lexer.whitespace_split = (choice & 16U) != 0;
  if ((choice & 32U) != 0) {
    lexer.commenters = ";";
    lexer.quotes += "%";
    lexer.whitespace = " \u00a0";
  }
  lexer.debug = (choice & 64U) != 0 ? 3 : 0;
  lexer.trace = [](std::string_view line) { require(line.starts_with("shlex: ")); };
  Outcome outcome;
  try {
    while (auto word = lexer.get_token()) {
      outcome.words.push_back(std::move(*word));
      require(outcome.words.size() <= most + 1);
    }
  } catch (const cohort::ValueError&) { outcome.failed = true; }
  return outcome;
}

void check_bytes(const Outcome& outcome, std::string_view text) {
  std::array<std::ptrdiff_t, 256> left{};
  for (unsigned char c : text) ++left[c];
  for (const std::string& word : outcome.words) {
    for (unsigned char c : word) --left[c];
  }
  require(std::all_of(left.begin(), left.end(), [](std::ptrdiff_t count) { return count >= 0; }));
}

void check_lexer(std::string_view text, std::uint8_t choice) {
  static const std::string kPunctuation[] = {"", "();<>|&", "|;", "\u00e9-"};
  ShlexOptions options{.posix = (choice & 1U) != 0, .punctuation_chars = kPunctuation[choice >> 1U & 3U]};
  Shlex of_text(text, options);
  Outcome first = read(of_text, choice, text.size());
  std::istringstream stream{std::string(text)};
  Shlex of_stream(stream, options);
  require(read(of_stream, choice, text.size()) == first);
  require(of_text.lineno == of_stream.lineno);
  check_bytes(first, text);
}

void check_words(std::string_view text) {
  require(cohort::shlex::split(cohort::shlex::quote(text)) == std::vector<std::string>{std::string(text)});
  try {
    std::vector<std::string> words = cohort::shlex::split(text);
    require(cohort::shlex::split(cohort::shlex::join(words)) == words);
  } catch (const cohort::ValueError&) { return; }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_words(text);
  check_lexer(text, data[0]);
  return 0;
}
