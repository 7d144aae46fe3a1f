// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/shell.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/run.hpp"

namespace cohort::subprocess {
namespace {

std::string output(const Shell& shell) { return run(shell, {.out = PIPE}).out; }

TEST(Shell, runs_a_constant_with_all_its_characters) {
  EXPECT_EQ(output(Shell{"echo ${HOME:+{}} | tr -d '{}' | wc -l"}).back(), '\n');
  EXPECT_EQ(output(Shell{"x=a; echo \"$x\" $((1 + 2)) # {}"}), "a 3\n");
}

TEST(Shell, makes_each_argument_one_literal_word) {
  std::string name = "it's; $(id) `id` \"$HOME\" \\ * ? ~ # | & > < ! {a,b}\n\t[x]";
  EXPECT_EQ(output(Shell{"printf '<%s>' {}", name}), "<" + name + ">");
  EXPECT_EQ(output(Shell{"printf '<%s>' x{}y {}", name, 7}), "<x" + name + "y><7>");
  EXPECT_EQ(output(Shell{"printf '<%s>' {}", ""}), "<>");
  EXPECT_EQ(output(Shell{"printf '<%s>' {}", std::filesystem::path("/a b")}), "</a b>");
  EXPECT_EQ(output(Shell{"v={}; printf '<%s>' \"$v\"", name}), "<" + name + ">");
}

TEST(Shell, makes_a_range_one_word_per_element) {
  std::vector<std::string> files{"a b", "c'd", ""};
  EXPECT_EQ(output(Shell{"printf '<%s>' {}", files}), "<a b><c'd><>");
  EXPECT_EQ(output(Shell{"printf '<%s>' x {}", std::vector<std::string>{}}), "<x>");
}

TEST(Shell, writes_braces_for_doubled_ones) {
  EXPECT_EQ(output(Shell{"find {} -maxdepth 0 -exec echo {{}} \\;", "/"}), "/\n");
}

TEST(Shell, is_made_from_constants_only) {
  static_assert(!std::is_constructible_v<Shell, std::string>);
  static_assert(!std::is_constructible_v<Shell, const char*>);
  static_assert(!std::is_constructible_v<Shell, std::string_view>);
  static_assert(!std::is_constructible_v<Command, ShellFormat<int>>);
}

TEST(Shell, refuses_a_nul_byte) { EXPECT_THROW(Shell("echo {}", std::string("a\0b", 3)), ValueError); }

TEST(Shell, knows_where_a_word_may_stand) {
  using detail::ShellScan;
  static_assert(ShellScan::count("a {} b {} {{}}") == 2);
  static_assert(ShellScan::count("'it' {} \"x\" {}") == 2);
  static_assert(ShellScan::count("a=#{}") == 1);  // # inside a word is no comment
  static_assert(ShellScan::count("echo # note\necho {}") == 1);
  static_assert(ShellScan::count("echo \\' {}") == 1);  // an escaped quote opens nothing
  static_assert(ShellScan::count("echo ${x} $((1)) {}") == 1);
  static_assert(ShellScan::count("echo $(basename {})") == 1);
  static_assert(ShellScan::count("echo '\\' {}") == 1);  // a backslash inside single quotes is itself
}

// Fifty ways that broke other people's programs; each must come out as the one word it is.
TEST(Shell, keeps_injections_literal) {
  const std::vector<std::string> attempts{"; id",
                                          "| id",
                                          "|| id",
                                          "& id",
                                          "&& id",
                                          "`id`",
                                          "$(id)",
                                          "$((1+1))",
                                          "${HOME}",
                                          "$HOME",
                                          "\nid",
                                          "\r\nid",
                                          "\n;id;\n",
                                          "'; id; '",
                                          "\"; id; \"",
                                          "' || id || '",
                                          "\\'; id; \\'",
                                          "\\",
                                          "\\\\",
                                          "'",
                                          "\"",
                                          "''",
                                          "'\"'\"'",
                                          "a'b\"c`d$e\\f",
                                          "> /tmp/x",
                                          "< /etc/passwd",
                                          ">> x",
                                          "2>&1",
                                          "<(id)",
                                          ">(id)",
                                          "<<EOF\nid\nEOF",
                                          "*",
                                          "?",
                                          "[a-z]*",
                                          "~",
                                          "~root",
                                          "{a,b}",
                                          "{}",
                                          "{{}}",
                                          "%s%n",
                                          "-rf",
                                          "--help",
                                          "#comment",
                                          "!1",
                                          "!!",
                                          "^a^b",
                                          "() { :;}; id",
                                          "$'\\x27;id'",
                                          "$\"id\"",
                                          "\t id",
                                          " ",
                                          "\x1b[31m",
                                          "\xff\xfe"};
  EXPECT_GE(attempts.size(), 50U);
  for (const std::string& attempt : attempts) {
    EXPECT_EQ(output(Shell{"printf '%s' {}", attempt}), attempt);
    EXPECT_EQ(output(Shell{"set -- {}; printf '%s' \"$#$1\"", attempt}), "1" + attempt);
    EXPECT_EQ(run({"printf", "%s", "-", attempt}, {.out = PIPE}).out, "-" + attempt);
  }
}

}  // namespace
}  // namespace cohort::subprocess
