// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The functions over the tokenizer: split, quote, join.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"
#include "unit/shlex/rows.hpp"

namespace cohort::shlex {
namespace {

using Words = std::vector<std::string>;

template <class T>
concept Splittable = requires(T text) { split(text); };
template <class T>
concept Quotable = requires(T text) { quote(text); };

TEST(Split, takes_comments_only_when_asked) {
  EXPECT_EQ(split("a # b"), (Words{"a", "#", "b"}));
  EXPECT_EQ(split("a # b", {.comments = true}), (Words{"a"}));
  EXPECT_EQ(split("a#b c\nd", {.comments = true}), (Words{"a", "d"}));
}

TEST(Split, says_which_line_has_no_closing_quotation) {
  try {
    (void)split("a\nb 'c");
    FAIL() << "not thrown";
  } catch (const ValueError& error) { EXPECT_STREQ(error.what(), "shlex.split: line 2: No closing quotation"); }
}

TEST(Split, throws_when_nothing_follows_an_escape) { EXPECT_THROW((void)split("a \\"), ValueError); }

TEST(Split, keeps_bytes_that_are_no_utf8) {
  EXPECT_EQ(split("a\xff b\xe2\x82 \xe2\x82\xac"), (Words{"a\xff", "b\xe2\x82", "\xe2\x82\xac"}));
}

TEST(Split, keeps_null_bytes) {
  std::string text("a\0b c", 5);
  EXPECT_EQ(split(text), (Words{std::string("a\0b", 3), "c"}));
}

TEST(Quote, leaves_harmless_text_as_it_is) {
  std::string harmless = "abcXYZ019_@%+=:,./-";
  EXPECT_EQ(quote(harmless), harmless);
}

TEST(Quote, gives_two_quotes_for_nothing) { EXPECT_EQ(quote(""), "''"); }

TEST(Quote, quotes_every_other_character) {
  for (char c : std::string("\"`$\\!#&*()[]{}|;<>?~^ \t\n")) {
    std::string text = std::string("a") + c + "b";
    EXPECT_EQ(quote(text), "'" + text + "'");
  }
  EXPECT_EQ(quote("caf\u00e9"), "'caf\u00e9'");
  EXPECT_EQ(quote("\xff"), "'\xff'");
}

TEST(Quote, takes_single_quotes_out_of_single_quotes) { EXPECT_EQ(quote("a'b"), "'a'\"'\"'b'"); }

TEST(Join, quotes_what_needs_it) {
  EXPECT_EQ(join({"a", "b c", ""}), "a 'b c' ''");
  EXPECT_EQ(join({"it's"}), "'it'\"'\"'s'");
  EXPECT_EQ(join(Words{}), "");
  EXPECT_EQ(join(std::vector<std::string_view>{"a;b", "c"}), "'a;b' c");
}

TEST(Join, is_undone_by_split_for_every_row) {
  for (const std::vector<Row>* rows : {&kPosixRows, &kPlainRows}) {
    for (const Row& row : *rows) {
      EXPECT_EQ(split(join(row.split.words)), row.split.words);
      EXPECT_EQ(split(join({row.line})), Words{row.line});
    }
  }
}

TEST(Split, takes_texts_only) {
  static_assert(Splittable<const char*> && Splittable<std::string>);
  static_assert(!Splittable<std::nullptr_t> && !Splittable<int>);
  static_assert(Quotable<const char*> && Quotable<std::string_view>);
  static_assert(!Quotable<std::nullptr_t> && !Quotable<int> && !Quotable<Words>);
}

}  // namespace
}  // namespace cohort::shlex
