// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// 100 000 random texts, through this shlex and through that of the machine's Python: the answers must be equal.
// COHORT_DIFFERENTIAL_COUNT and COHORT_DIFFERENTIAL_SEED change how many and which.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"

namespace cohort::shlex {
namespace {

std::string hex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : text) {
    out += kDigits[c >> 4U];
    out += kDigits[c & 15U];
  }
  return out;
}

template <class Make>
std::string answer(Make make) {
  std::vector<std::string> words;
  try {
    words = make();
  } catch (const ValueError& error) {
    std::string text = error.what();
    return "!" + text.substr(text.rfind(": ") + 2);
  }
  std::string out;
  for (const std::string& word : words) out += (out.empty() && &word == &words.front() ? "" : ",") + hex(word);
  return words.empty() ? "-" : out;
}

// The same choice as tokenize() in reference.py.
std::string tokenize(const std::string& text, std::size_t number) {
  if (number % 12 <= 2) {
    SplitOptions options{.comments = number % 12 != 1, .posix = number % 12 == 0};
    return answer([&] { return split(text, options); });
  }
  static const std::string kPunctuation[] = {"", std::string(kShellPunctuation), "|;"};
  Shlex lexer(text, {.posix = number % 2 == 0, .punctuation_chars = kPunctuation[number % 3]});
  lexer.whitespace_split = number % 12 >= 8;
  if (number % 5 == 0) {
    lexer.commenters = ";";
    lexer.whitespace = " \u00e9";
    lexer.quotes = "'";
    lexer.escape = "\\%";
    lexer.escapedquotes = "'";
  }
  std::string result = answer([&] {
    std::vector<std::string> words;
    for (const std::string& word : lexer) words.push_back(word);
    return words;
  });
  return result + " " + std::to_string(lexer.lineno) + " " + hex(lexer.token());
}

std::string expected_line(const std::string& text, std::size_t number) {
  return answer([&] { return split(text); }) + "\t" + hex(quote(text)) + "\t" + tokenize(text, number);
}

std::string random_text(std::mt19937_64& random) {
  static const std::string kPieces[] = {"a",
                                        "b",
                                        "Z9",
                                        "_",
                                        " ",
                                        " ",
                                        "  ",
                                        "\t",
                                        "\n",
                                        "'",
                                        "'",
                                        "\"",
                                        "\"",
                                        "\\",
                                        "#",
                                        ";",
                                        "|",
                                        "&&",
                                        "(",
                                        ")",
                                        "<>",
                                        "-",
                                        "~/",
                                        "*",
                                        "=",
                                        "%",
                                        "\u00e9",
                                        "\u20ac",
                                        "\xf0\x9f\x98\x80",
                                        "\xff",
                                        "\xe2\x82"};
  std::string text;
  for (std::size_t count = random() % 24; count > 0; --count) text += kPieces[random() % std::size(kPieces)];
  return text;
}

std::size_t number_from(const char* name, std::size_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(Differential, random_texts_come_out_as_in_python) {
  if (std::system("python3 -c 'import shlex' >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3 here";
  std::size_t count = number_from("COHORT_DIFFERENTIAL_COUNT", 100'000);
  std::size_t seed = number_from("COHORT_DIFFERENTIAL_SEED", std::random_device{}());
  SCOPED_TRACE("COHORT_DIFFERENTIAL_SEED=" + std::to_string(seed));
  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("cohort-shlex-" + std::to_string(std::random_device{}()) + std::to_string(seed));
  ASSERT_TRUE(std::filesystem::create_directory(folder));

  std::mt19937_64 random(seed);
  std::vector<std::string> texts(count);
  std::ofstream questions(folder / "questions");
  for (std::string& text : texts) {
    text = random_text(random);
    questions << hex(text) << '\n';
  }
  questions.close();

  std::filesystem::path script = std::filesystem::path(COHORT_TEST_SOURCES) / "unit/shlex/reference.py";
  std::string command =
      join({"python3", script.string(), (folder / "questions").string(), (folder / "answers").string()});
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream answers(folder / "answers");
  int differences = 0;
  for (std::size_t number = 0; number < count && differences < 10; ++number) {
    std::string line;
    ASSERT_TRUE(std::getline(answers, line)) << "only " << number << " answers";
    std::string mine = expected_line(texts[number], number);
    if (mine == line) continue;
    ++differences;
    ADD_FAILURE() << "text " << number << ": " << testing::PrintToString(texts[number]) << "\n  Python: " << line
                  << "\n  Cohort: " << mine;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cohort::shlex
