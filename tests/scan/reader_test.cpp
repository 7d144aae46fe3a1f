// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "fuzz/scan_property.hpp"
#include "scan/files.hpp"
#include "scan/lexer.hpp"
#include "scan/scan_text.hpp"
#include "scan/shell_text.hpp"

namespace {

using namespace cohort::scan;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  for (const Token& token : tokenize(text).tokens) result.push_back(token.text);
  return result;
}

std::vector<std::string> rules_in(std::string_view text) {
  std::vector<std::string> ids;
  for (const Finding& finding : scan_text(text)) ids.emplace_back(finding.rule->id);
  return ids;
}

using Words = std::vector<std::string>;

TEST(Lexer, tells_literals_comments_and_names_apart) {
  EXPECT_EQ(words("a/*b*/c // d\ne"), (Words{"a", "c", "e"}));
  EXPECT_EQ(words(R"(x = "a\"b" 'c';)"), (Words{"x", "=", "a\"b", "c", ";"}));
  EXPECT_EQ(words(R"yy(u8"a" L'b' LR"x(c)" )x" "d"_s s)yy"), (Words{"a", "b", "c)\" ", "d", "s"}));
  EXPECT_EQ(words("1'000 0x1p-3 .5e+7 1..2"), (Words{"1000", "0x1p-3", ".5e+7", "1..2"}));
}

TEST(Lexer, joins_lines_that_end_in_a_backslash_but_not_within_raw_strings) {
  EXPECT_EQ(words("sys\\\ntem"), (Words{"system"}));
  EXPECT_EQ(words("sys\\ \r\ntem"), (Words{"system"}));
  EXPECT_EQ(words("// a \\\nb\nc"), (Words{"c"}));
  EXPECT_EQ(words("R\"(a\\\nb)\" c"), (Words{"a\\\nb", "c"}));
}

TEST(Lexer, reads_digraphs) {
  EXPECT_EQ(words("a<:0:> <% %>"), (Words{"a", "[", "0", "]", "{", "}"}));
  EXPECT_EQ(words("f<::g>"), (Words{"f", "<", "::", "g", ">"}));
}

TEST(Lexer, ends_what_is_not_closed) {
  EXPECT_EQ(words("\"abc\nd"), (Words{"abc", "d"}));
  EXPECT_EQ(words("'\nd"), (Words{"", "d"}));
  EXPECT_EQ(words("a /* b"), (Words{"a"}));
  EXPECT_EQ(words("R\"x(abc"), (Words{"abc"}));
}

TEST(Lexer, leaves_out_what_the_preprocessor_never_keeps) {
  EXPECT_EQ(words("#if 0\na\n#else\nb\n#endif\nc"), (Words{"b", "c"}));
  EXPECT_EQ(words("#if 1\na\n#else\nb\n#endif\nc"), (Words{"a", "c"}));
  EXPECT_EQ(words("#if X\na\n#elif Y\nb\n#endif\n#include <c>\nd"), (Words{"a", "b", "d"}));
}

TEST(Lexer, counts_lines_and_keeps_macro_bodies_apart) {
  TokenizedSource source = tokenize("a\n#define F(x) g(x)\n\n  b /*\n\n*/ c");
  ASSERT_EQ(source.text_end, 3U);
  EXPECT_EQ(source.tokens[1].line, 4U);
  EXPECT_EQ(source.tokens[2].line, 6U);
  ASSERT_EQ(source.macros.size(), 1U);
  EXPECT_TRUE(source.macros[0].takes_arguments);
  EXPECT_EQ(source.tokens[source.macros[0].begin].text, "g");
}

TEST(ScanText, gives_line_and_column_in_characters) {
  std::vector<Finding> findings = scan_text("void f(const char* x) {\n  /* \u00e4\u20ac */ system(x);\n}\n");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].line, 2U);
  EXPECT_EQ(findings[0].column, 12U);
  EXPECT_EQ(findings[0].source, "/* \u00e4\u20ac */ system(x);");
}

TEST(ScanText, is_silent_where_an_ignore_with_a_reason_stands_on_the_line_or_above) {
  EXPECT_EQ(rules_in("void f(char* x) {\n  system(x);  // cohort-scan: ignore[shell-command] ours\n}"), Words{});
  EXPECT_EQ(
      rules_in(
          "void f(char* x) {\n  // cohort-scan: ignore[shell-command, temp-name] ours\n  // and more\n  system(x);\n}"),
      Words{});
  EXPECT_EQ(rules_in("void f(char* x) {\n  // cohort-scan: ignore[shell-command] ours\n  g();\n  system(x);\n}"),
            Words{"shell-command"});
  EXPECT_EQ(rules_in("void f(char* x) {\n  system(x);  // cohort-scan: ignore[temp-name] another rule\n}"),
            Words{"shell-command"});
}

TEST(ScanText, asks_for_a_reason_and_a_known_rule) {
  EXPECT_EQ(rules_in("// cohort-scan: ignore[shell-command]\n"), Words{"bad-suppression"});
  EXPECT_EQ(rules_in("// cohort-scan: ignore[no-such] because\n"), Words{"bad-suppression"});
  EXPECT_EQ(rules_in("// cohort-scan: ignore because\n"), Words{"bad-suppression"});
}

TEST(ScanText, gives_the_same_fingerprint_when_lines_move) {
  std::string code = "void f(char* x) {\n  system(x);\n  system(x);\n}\n";
  std::vector<Finding> before = scan_text(code);
  std::vector<Finding> after = scan_text("\n\n" + code);
  place_findings(before, "a.cpp");
  place_findings(after, "a.cpp");
  ASSERT_EQ(before.size(), 2U);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(before[0].fingerprint, after[0].fingerprint);
  EXPECT_EQ(before[1].fingerprint, after[1].fingerprint);
  EXPECT_NE(before[0].fingerprint, before[1].fingerprint);
  place_findings(after, "b.cpp");
  EXPECT_NE(before[0].fingerprint, after[0].fingerprint);
}

TEST(Rules, each_say_what_to_write_instead) {
  for (const Rule& rule : rules()) {
    EXPECT_FALSE(rule.message.empty() || rule.instead.empty()) << rule.id;
    EXPECT_EQ(find_rule(rule.id), &rule);
  }
  EXPECT_EQ(find_rule("no-such"), nullptr);
}

TEST(ShellText, finds_programs_that_are_looked_up) {
  EXPECT_EQ(relative_program("/bin/ls | sort"), "sort");
  EXPECT_EQ(relative_program("cd /x && if test -e y; then /bin/true; fi"), "");
  EXPECT_EQ(relative_program("A=1 make 2>&1"), "make");
  EXPECT_EQ(reread_placeholders("ls {}; ssh -p 22 {} rm {}"), (std::vector<std::size_t>{2}));
}

TEST(Utf8, ends_where_a_byte_is_wrong) {
  EXPECT_EQ(utf8_end("a\u20ac\U0001F600"), 8U);
  EXPECT_EQ(utf8_end("ab\xff"), 2U);
  EXPECT_EQ(utf8_end("\xc0\x80"), 0U);
  EXPECT_EQ(utf8_end("\xed\xa0\x80"), 0U);
  EXPECT_EQ(utf8_end("x\xe2\x82"), 1U);
}

// The fuzzer's property, over texts that never change: pieces of code in random order, with random bytes among them.
TEST(Reader, holds_its_promises_for_any_text) {
  static constexpr std::array<std::string_view, 64> kPieces = {"system(",
                                                               "popen(",
                                                               ")",
                                                               "(",
                                                               "{",
                                                               "}",
                                                               "[",
                                                               "]",
                                                               ";",
                                                               ",",
                                                               "\"",
                                                               "'",
                                                               "\\",
                                                               "\n",
                                                               "\\\n",
                                                               "R\"x(",
                                                               ")x\"",
                                                               "//",
                                                               "/*",
                                                               "*/",
                                                               "#if 0\n",
                                                               "#if X\n",
                                                               "#else\n",
                                                               "#endif\n",
                                                               "#define A(x) ",
                                                               "#define B ",
                                                               "x",
                                                               " = ",
                                                               " += ",
                                                               " + ",
                                                               "<:",
                                                               ":>",
                                                               "<%",
                                                               "%>",
                                                               "%:",
                                                               "class C {",
                                                               "namespace n {",
                                                               "template <",
                                                               ">",
                                                               "<",
                                                               "::",
                                                               "->",
                                                               ".",
                                                               "?",
                                                               ":",
                                                               "\"-c\"",
                                                               "\"sh\"",
                                                               "fork()",
                                                               "vfork()",
                                                               "execl(",
                                                               "setenv(\"PATH\", ",
                                                               "waitpid(a, &s, 0)",
                                                               "snprintf(x, 9, \"%s{}%d\", ",
                                                               "format(\"{}\", ",
                                                               "return ",
                                                               "if (",
                                                               "case 0:",
                                                               "int x",
                                                               "std::string x",
                                                               "// cohort-scan: ignore[shell-command] x\n",
                                                               "\xff",
                                                               "\xe2\x82\xac",
                                                               "operator=",
                                                               "0x1'f"};
  std::mt19937 random(20);
  for (int n = 0; n < 4000; ++n) {
    std::string text;
    std::size_t length = random() % 60;
    for (std::size_t i = 0; i < length; ++i) {
      if (random() % 12 == 0)
        text += static_cast<char>(random() % 256);
      else
        text += kPieces[random() % kPieces.size()];
    }
    ASSERT_NO_THROW(cohort::fuzz::check_scan(text)) << text;
  }
}

// Texts that would take quadratic time or endless depth if something in the reader did; the deadline of the test is the
// bound.
TEST(Reader, takes_no_more_than_linear_time_for_texts_made_to_be_slow) {
  for (std::string_view piece : {"(",
                                 "{",
                                 "[",
                                 "#if X\n",
                                 "f(",
                                 "a=",
                                 "a+",
                                 "a<<",
                                 "x=fork();",
                                 "system(a+",
                                 "a::",
                                 "/*",
                                 "\"-c\",",
                                 "{\"sh\",\"-c\",",
                                 "namespace a{",
                                 "int a={},",
                                 "template<",
                                 "a?b:",
                                 "\\\n",
                                 "\\ ",
                                 "vfork();",
                                 "setuid(1);",
                                 "if(",
                                 "R\"(",
                                 "?",
                                 "static const int a="}) {
    for (std::string_view head : {"", "void f(char* a) { "}) {
      std::string text(head);
      while (text.size() < 200000) text += piece;
      scan_text(text);
    }
  }
}

}  // namespace
