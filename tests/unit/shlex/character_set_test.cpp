// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A set of characters that is written as a string.
#include "cohort/shlex/character_set.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cohort::shlex {
namespace {

TEST(CharacterSet, has_what_it_is_written_as) {
  const CharacterSet set("a-é");
  EXPECT_TRUE(set.contains("a"));
  EXPECT_TRUE(set.contains("-"));
  EXPECT_TRUE(set.contains("é"));
  EXPECT_FALSE(set.contains("b"));
  EXPECT_FALSE(set.contains("")) << "nothing is in no set";
  EXPECT_EQ(set.str(), "a-é");
  EXPECT_TRUE(CharacterSet().empty());
}

TEST(CharacterSet, does_not_find_a_byte_within_another_character) {
  const CharacterSet set("é");  // c3 a9
  EXPECT_FALSE(set.contains("\xa9"));
  EXPECT_FALSE(set.contains("\xc3"));
  EXPECT_TRUE(CharacterSet("\xa9").contains("\xa9")) << "a byte of its own";
}

TEST(CharacterSet, grows_and_loses_characters) {
  CharacterSet set = "ab";
  set += std::string("cé");
  EXPECT_EQ(set, CharacterSet("abcé"));
  set.remove("bé!");
  EXPECT_EQ(set.str(), "ac");
  EXPECT_FALSE(set.contains("b"));
  EXPECT_FALSE(set.contains("é"));
}

TEST(FirstCharacter, is_one_code_point_or_one_byte) {
  EXPECT_EQ(first_character("ab"), "a");
  EXPECT_EQ(first_character("éa"), "é");
  EXPECT_EQ(first_character("€a"), "€");
  EXPECT_EQ(first_character("😀a"), "😀");
  EXPECT_EQ(first_character("\xc3"), "\xc3") << "cut off";
  EXPECT_EQ(first_character("\xc0\x80"), "\xc0") << "overlong";
  EXPECT_EQ(first_character("\xed\xa0\x80"), "\xed") << "a surrogate";
  EXPECT_EQ(first_character("\xf4\x90\x80\x80"), "\xf4") << "past the last code point";
  EXPECT_EQ(first_character(std::string_view("\0a", 2)), std::string_view("\0", 1));
}

}  // namespace
}  // namespace cohort::shlex
