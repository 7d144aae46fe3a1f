// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What people write to break out of a shell command: each text must come out of /bin/sh as one literal argument.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cohort/shlex.hpp"
#include "cohort/subprocess.hpp"

namespace {

using namespace cohort::subprocess;

const std::vector<std::string>& injections() {
  static const std::vector<std::string> kTexts = {
      // another command
      ";id", "; rm -rf /", "| id", "|| id", "& id", "&& id", "\n id", "\r\n id", "a;b|c&d", "|cat /etc/passwd",
      "a||true", "x\nid\n", ";", "&", "|",
      // substitution and expansion
      "`id`", "$(id)", "$((1+1))", "${HOME}", "$HOME", "$IFS", "$@", "$*", "$?", "$$", "$0", "$!", "$-", "${IFS}id",
      "cat${IFS}/etc/passwd", "$(printf id)", "`printf id`", "$'\\x41'", "$\"x\"", "\\$(id)", "\\`id\\`", "<(id)",
      ">(id)", "${x:-$(id)}", "${x:=`id`}", "$[1+1]",
      // out of quotes
      "'", "''", "\"", "\"\"", "'; id #", "\"; id #", "' || id '", "'\"'\"'", "x'$(id)'x", "x\"$(id)\"x", "'$(id)",
      "\"`id`\"", "c'a't x", "'\\''", "'\\'''", "\"'\"'",
      // backslashes
      "\\", "\\\\", "\\'", "\\\"", "a\\", "\\\n", "c\\at x", "i\\d", "\\x41\\101", "\\c",
      // patterns, home folders, history, braces
      "*", "?", "[a-z]*", "/etc/*", "{a,b}", "{1..9}", "~", "~root", "!", "!!", "!-1", "^a^b", "{}", "{{}}",
      // redirection, comments, here-documents
      "> /dev/null", ">>x", "< /etc/passwd", "2>&1", "&>x", "<<EOF", "<<<x", "#", "# x", "a #b",
      // words that mean something to the shell
      "if", "then", "fi", "done", "eval id", "exec id", ". /etc/profile", "()", "( id )", "{ id; }", "() { :; }; id",
      "PATH=/x id", "a=b", "=x", ":", "[", "--", "-n", "-e",
      // formats of others
      "%s%n", "%00", "%0a id", "&#59;id", "+-|id", "\\u003bid",
      // blanks and bytes
      "", " ", "  a  b  ", "\t", "\v\f", "a\tb\nc", "\n", "\n\n", "x\n", "\x01\x1b[31m\x7f", "\xff\xfe", "\xc3",
      "\xe2\x80\xa8", "\u00a0id", "\uff1bid", "\u2018id\u2019", "\U0001F600"};
  return kTexts;
}

// Prints how many arguments there are, and each with its length: nothing can be hidden in it.
constexpr const char* kTell = "for a in \"$@\"; do printf '%s:%s,' \"$(printf %s \"$a\" | wc -c)\" \"$a\"; done";

std::string expected(const std::string& text) { return "[1]" + std::to_string(text.size()) + ":" + text + ","; }

TEST(Injection, list_has_at_least_fifty_different_texts) {
  std::set<std::string> different(injections().begin(), injections().end());
  EXPECT_EQ(different.size(), injections().size());
  EXPECT_GE(different.size(), 50U);
}

TEST(Injection, is_one_literal_argument_of_a_Shell) {
  for (const std::string& text : injections()) {
    std::string out = check_output(Shell{"tell() { printf '[%s]' \"$#\"; eval \"$TELL\"; }; tell {}", text},
                                   {.env_set = {{"TELL", kTell}}});
    EXPECT_EQ(out, expected(text));
  }
}

TEST(Injection, is_one_literal_argument_after_quote) {
  for (const std::string& text : injections()) {
    std::string line = "tell() { printf '[%s]' \"$#\"; eval \"$TELL\"; }; tell " + cohort::shlex::quote(text);
    EXPECT_EQ(check_output({"/bin/sh", "-c", line}, {.env_set = {{"TELL", kTell}}}), expected(text));
  }
}

TEST(Injection, stays_apart_among_other_arguments) {
  std::string out = check_output(Shell{"printf '<%s>' {}", injections()});
  std::string wanted;
  for (const std::string& text : injections()) wanted += "<" + text + ">";
  EXPECT_EQ(out, wanted);
  EXPECT_EQ(check_output({"/bin/sh", "-c", "printf '<%s>' " + cohort::shlex::join(injections())}), wanted);
}

TEST(Injection, is_one_literal_argument_without_a_shell) {
  for (const std::string& text : injections()) EXPECT_EQ(check_output({"printf", "%s", text}), text);
}

TEST(Injection, is_one_word_for_split_again) {
  for (const std::string& text : injections())
    EXPECT_EQ(cohort::shlex::split(cohort::shlex::quote(text)), std::vector<std::string>{text});
}

TEST(Injection, is_read_twice_only_when_it_is_quoted_twice) {
  for (const std::string& text : injections()) {
    EXPECT_EQ(check_output(Shell{"sh -c {}", "printf '<%s>' " + cohort::shlex::quote(text)}), "<" + text + ">");
  }
}

}  // namespace
