// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a trace shows a text: as Python's repr() does.
#include "shlex/repr.hpp"

#include <gtest/gtest.h>

namespace cohort::shlex {
namespace {

TEST(Repr, quotes_as_python_chooses) {
  EXPECT_EQ(repr("abc"), "'abc'");
  EXPECT_EQ(repr(""), "''");
  EXPECT_EQ(repr("it's"), "\"it's\"");
  EXPECT_EQ(repr("say \"x\""), "'say \"x\"'");
  EXPECT_EQ(repr("it's \"x\""), "'it\\'s \"x\"'") << "both kinds: single ones, escaped";
}

TEST(Repr, escapes_control_characters_and_backslashes) {
  EXPECT_EQ(repr("a\nb\tc\rd\\"), "'a\\nb\\tc\\rd\\\\'");
  EXPECT_EQ(repr(std::string_view("\0\x1b\x7f", 3)), "'\\x00\\x1b\\x7f'");
}

TEST(Repr, shows_characters_and_the_bytes_that_are_none) {
  EXPECT_EQ(repr("é€😀"), "'é€😀'");
  EXPECT_EQ(repr("\xc2\xa0\xc2\xad"), "'\\xa0\\xad'") << "no-break space, soft hyphen";
  EXPECT_EQ(repr("\xff\xc3"), "'\\udcff\\udcc3'");
}

}  // namespace
}  // namespace cohort::shlex
