// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shlex/shlex.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "cohort/base/error.hpp"
#include "unit/shlex/rows.hpp"

namespace cohort::shlex {
namespace {

using Words = std::vector<std::string>;

Words all(Shlex& lexer) {
  Words words;
  for (const std::string& token : lexer) words.push_back(token);
  return words;
}

Words tokens(std::string_view text, ShlexOptions options, bool whitespace_split = false) {
  Shlex lexer(text, std::move(options));
  lexer.whitespace_split = whitespace_split;
  return all(lexer);
}

template <class Read>
void expect_outcome(const Outcome& expected, const std::string& line, Read read) {
  SCOPED_TRACE("line: " + line);
  try {
    EXPECT_EQ(read(), expected.words);
    EXPECT_EQ(expected.error, "");
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find(expected.error), std::string::npos) << error.what();
    EXPECT_NE(expected.error, "") << error.what();
  }
}

void expect_rows(const std::vector<Row>& rows, bool posix) {
  ASSERT_GE(rows.size(), 62U);
  for (const Row& row : rows) {
    expect_outcome(row.split, row.line, [&] { return split(row.line, {.comments = true, .posix = posix}); });
    expect_outcome(row.lexer, row.line, [&] { return tokens(row.line, {.posix = posix}); });
    expect_outcome(row.lexer, row.line, [&] {
      std::istringstream stream(row.line);
      Shlex lexer(stream, {.posix = posix});
      return all(lexer);
    });
  }
}

// --- split, quote, join ---

TEST(Split, does_what_the_header_shows) {
  EXPECT_EQ(split("cp -r 'my files' /tmp"), (Words{"cp", "-r", "my files", "/tmp"}));
  Words words = split("a 'b c' \"d\"");
  EXPECT_EQ(split(join(words)), words);
}

TEST(Split, and_lexer_answer_the_posix_table_as_python_does) { expect_rows(kPosixRows, true); }
TEST(Split, and_lexer_answer_the_plain_table_as_python_does) { expect_rows(kPlainRows, false); }

// --- Punctuation ---

TEST(Punctuation, makes_operators_tokens_of_their_own) {
  for (const char* line : {"echo hi && ls -l", "echo hi&&ls -l", "echo hi &&ls -l"}) {
    EXPECT_EQ(tokens(line, {.posix = true, .punctuation_chars = std::string(kShellPunctuation)}),
              (Words{"echo", "hi", "&&", "ls", "-l"}));
  }
  for (const char* op : {";", "|", "||", "&", ">", ">>", "<", ";;", "()"}) {
    std::string line = std::string("a") + op + "b";
    EXPECT_EQ(tokens(line, {.punctuation_chars = std::string(kShellPunctuation)}), (Words{"a", op, "b"}));
    EXPECT_EQ(tokens("a " + std::string(op) + " b", {.punctuation_chars = std::string(kShellPunctuation)}),
              (Words{"a", op, "b"}));
  }
  EXPECT_EQ(tokens("(a (b c))", {.punctuation_chars = std::string(kShellPunctuation)}),
            (Words{"(", "a", "(", "b", "c", "))"}));
}

// By blanks or not, with whitespace_split or not: the same.
void expect_operator(const std::string& op, const std::vector<std::string>& lines, const Words& expected) {
  for (const std::string& line : lines) {
    for (bool whitespace_split : {false, true}) {
      EXPECT_EQ(tokens(line, {.punctuation_chars = std::string(kShellPunctuation)}, whitespace_split), expected)
          << op << " " << whitespace_split;
    }
  }
}

TEST(Punctuation, runs_are_one_token_with_or_without_blanks_around) {
  for (std::string op : {"&&", "&", "|&", ";&", ";;&", "||", "|", "&|", ";|", ";;|", ";", ";;"}) {
    expect_operator(op, {"echo hi " + op + " echo bye", "echo hi" + op + " echo bye", "echo hi" + op + "echo bye"},
                    {"echo", "hi", op, "echo", "bye"});
  }
  for (std::string op : {"<", "|", ">", ">>"}) {
    expect_operator(op, {"echo hi " + op + " out", "echo hi" + op + " out", "echo hi" + op + "out"},
                    {"echo", "hi", op, "out"});
  }
  expect_operator("()", {"( echo hi )", "(echo hi)"}, {"(", "echo", "hi", ")"});
}

TEST(Punctuation, tells_operators_from_words_by_their_first_character) {
  Shlex lexer("a && b || c", {.punctuation_chars = std::string(kShellPunctuation)});
  std::string kinds;
  while (auto token = lexer.get_token())
    kinds += lexer.punctuation_chars().find((*token)[0]) != std::string::npos ? 'c' : 'a';
  EXPECT_EQ(kinds, "acaca");
}

TEST(Punctuation, of_ones_own_leaves_other_operators_alone) {
  const std::string line = "~/a&&b-c --color=auto||d *.py?";
  EXPECT_EQ(tokens(line, {.punctuation_chars = "|"}),
            (Words{"~/a", "&", "&", "b-c", "--color=auto", "||", "d", "*.py?"}));
  EXPECT_EQ(tokens(line, {.punctuation_chars = "|"}, true), (Words{"~/a&&b-c", "--color=auto", "||", "d", "*.py?"}));
  EXPECT_EQ(tokens("a  && b  ||  c", {.punctuation_chars = "&"}), (Words{"a", "&&", "b", "|", "|", "c"}));
  EXPECT_EQ(tokens("a  && b  ||  c", {.punctuation_chars = "&"}, true), (Words{"a", "&&", "b", "||", "c"}));
  EXPECT_EQ(tokens("a_b__c", {.punctuation_chars = "_"}), (Words{"a", "_", "b", "__", "c"}));
}

TEST(Punctuation, stands_beside_quotes_escaped_or_not) {
  const ShlexOptions options{.posix = true, .punctuation_chars = std::string(kShellPunctuation)};
  EXPECT_EQ(tokens("f >\"abc\"", options), (Words{"f", ">", "abc"}));
  EXPECT_EQ(tokens("f >\\\"abc\\\"", options), (Words{"f", ">", "\"abc\""}));
  EXPECT_EQ(tokens("'')abc", options), (Words{"", ")", "abc"}));
  EXPECT_EQ(tokens("'')abc", {.punctuation_chars = std::string(kShellPunctuation)}), (Words{"''", ")", "abc"}));
}

TEST(Punctuation, splits_foreign_letters_as_whitespace_split_says) {
  const std::string text = "\u2119\u01b4\u2602\u210c\u00f8\u1f24";
  EXPECT_EQ(tokens(text, {.punctuation_chars = std::string(kShellPunctuation)}, true), Words{text});
  EXPECT_EQ(tokens(text, {.punctuation_chars = std::string(kShellPunctuation)}),
            (Words{"\u2119", "\u01b4", "\u2602", "\u210c", "\u00f8", "\u1f24"}));
}

TEST(Punctuation, may_be_characters_of_ones_own) {
  EXPECT_EQ(tokens("a|b&c", {.punctuation_chars = "|"}), (Words{"a", "|", "b", "&", "c"}));
}

TEST(Punctuation, adds_the_characters_of_file_names_to_words) {
  EXPECT_EQ(tokens("ls ~/a-b/*.c?x=y", {.punctuation_chars = std::string(kShellPunctuation)}),
            (Words{"ls", "~/a-b/*.c?x=y"}));
}

TEST(Punctuation, is_taken_out_of_the_words) {
  Shlex lexer("a-b", {.punctuation_chars = "-"});
  EXPECT_FALSE(lexer.wordchars.contains("-"));
  EXPECT_EQ(all(lexer), (Words{"a", "-", "b"}));
}

TEST(Punctuation, holds_its_own_with_whitespace_split) {
  EXPECT_EQ(tokens("a>%b|c", {.posix = true, .punctuation_chars = std::string(kShellPunctuation)}, true),
            (Words{"a", ">", "%b", "|", "c"}));
  EXPECT_EQ(tokens("a>%b", {.posix = true, .punctuation_chars = std::string(kShellPunctuation)}),
            (Words{"a", ">", "%", "b"}));
}

TEST(Punctuation, works_with_quotes_beside_it) {
  EXPECT_EQ(tokens("a>'b c'", {.posix = true, .punctuation_chars = std::string(kShellPunctuation)}),
            (Words{"a", ">", "b c"}));
  EXPECT_EQ(tokens("a;\"b\"", {.punctuation_chars = std::string(kShellPunctuation)}), (Words{"a", ";", "\"b\""}));
}

TEST(Punctuation, can_be_read_but_not_set) {
  Shlex lexer("", {.punctuation_chars = "/|$%^"});
  EXPECT_EQ(lexer.punctuation_chars(), "/|$%^");
  static_assert(std::is_same_v<decltype(lexer.punctuation_chars()), const std::string&>);
}

// --- The tokenizer ---

TEST(Lexer, counts_the_empty_quotation_as_a_token) {
  EXPECT_EQ(tokens("'')abc", {.posix = true}), (Words{"", ")", "abc"}));
  EXPECT_EQ(tokens("'')abc", {}), (Words{"''", ")", "abc"}));
}

TEST(Lexer, takes_accented_letters_for_words_in_posix_mode) {
  EXPECT_EQ(tokens("\u00e9t\u00e9 \u00fcber", {.posix = true}), (Words{"\u00e9t\u00e9", "\u00fcber"}));
  EXPECT_EQ(tokens("\u00e9t", {}), (Words{"\u00e9", "t"}));
  EXPECT_EQ(tokens("\u20ac5", {.posix = true}), (Words{"\u20ac", "5"}));
}

TEST(Lexer, does_not_find_a_byte_inside_another_character) {
  // 0xA9 ends the encoding of a letter that is a word character; alone it is none.
  EXPECT_EQ(tokens("a\xa9z", {.posix = true}), (Words{"a", "\xa9", "z"}));
}

TEST(Lexer, obeys_changes_of_its_members_between_tokens) {
  Shlex lexer("a-b c-d", {});
  EXPECT_EQ(lexer.get_token(), "a");
  lexer.wordchars += "-";
  EXPECT_EQ(lexer.get_token(), "-");  // was given back before the change
  EXPECT_EQ(all(lexer), (Words{"b", "c-d"}));
  EXPECT_EQ(lexer.whitespace.str(), " \t\r\n");
  EXPECT_EQ(lexer.commenters, CharacterSet("#"));
  EXPECT_EQ(lexer.quotes.str(), "'\"");
  EXPECT_EQ(lexer.escape.str(), "\\");
  EXPECT_EQ(lexer.escapedquotes.str(), "\"");
}

TEST(Lexer, takes_whitespace_of_more_than_one_byte) {
  Shlex lexer("a\u00a0b c", {.posix = true});
  lexer.whitespace = "\u00a0";
  lexer.whitespace_split = true;
  EXPECT_EQ(all(lexer), (Words{"a", "b c"}));
}

TEST(Lexer, counts_lines) {
  Shlex lexer("line 1\nline 2\nline 3", {});
  std::vector<std::pair<std::string, int>> seen;
  while (auto token = lexer.get_token()) seen.emplace_back(*token, lexer.lineno);
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, int>>{
                      {"line", 1}, {"1", 2}, {"line", 2}, {"2", 3}, {"line", 3}, {"3", 3}}));
}

TEST(Lexer, counts_the_line_of_a_comment) {
  Shlex lexer("# one\na # two\nb", {});
  EXPECT_EQ(lexer.get_token(), "a");
  EXPECT_EQ(lexer.lineno, 2);
  EXPECT_EQ(lexer.get_token(), "b");
  EXPECT_EQ(lexer.lineno, 3);
}

TEST(Lexer, counts_the_line_of_a_comment_that_nothing_ends) {
  Shlex lexer("line 1 # line 2", {});
  EXPECT_EQ(lexer.lineno, 1);
  (void)all(lexer);
  EXPECT_EQ(lexer.lineno, 2);
}

TEST(Lexer, gives_the_last_pushed_token_first) {
  Shlex lexer("c", {});
  lexer.push_token("b");
  lexer.push_token("a");
  EXPECT_EQ(all(lexer), (Words{"a", "b", "c"}));
}

TEST(Lexer, reads_past_pushed_tokens_with_read_token) {
  Shlex lexer("b", {});
  lexer.push_token("a");
  EXPECT_EQ(lexer.read_token(), "b");
  EXPECT_EQ(lexer.get_token(), "a");
}

TEST(Lexer, says_nullopt_again_and_again_at_the_end) {
  Shlex lexer("a", {.posix = true});
  EXPECT_EQ(lexer.get_token(), "a");
  EXPECT_EQ(lexer.get_token(), std::nullopt);
  EXPECT_EQ(lexer.get_token(), std::nullopt);
}

TEST(Lexer, keeps_what_it_read_of_a_token_that_failed) {
  for (bool posix : {false, true}) {
    Shlex lexer("ok 'left open", {.posix = posix});
    EXPECT_EQ(lexer.get_token(), "ok");
    EXPECT_THROW((void)lexer.get_token(), ValueError);
    EXPECT_EQ(lexer.token(), posix ? "left open" : "'left open");
    EXPECT_THROW((void)lexer.get_token(), ValueError);
  }
}

TEST(Lexer, reads_no_more_of_a_stream_than_its_token_needs) {
  std::istringstream stream("word rest of it\nnext");
  Shlex lexer(stream, {});
  EXPECT_EQ(lexer.get_token(), "word");
  EXPECT_EQ(lexer.read_line(), "rest of it\n");
  EXPECT_EQ(lexer.get_token(), "next");
  EXPECT_EQ(lexer.read_line(), "");
}

TEST(Lexer, can_be_moved_in_the_middle) {
  Shlex lexer("a 'b c' d", {.posix = true});
  EXPECT_EQ(lexer.get_token(), "a");
  Shlex other(std::move(lexer));
  EXPECT_EQ(all(other), (Words{"b c", "d"}));
}

TEST(ErrorLeader, tracks_the_position) {
  Shlex lexer("a\nb", {.infile = "rules.txt"});
  EXPECT_EQ(lexer.error_leader(), "\"rules.txt\", line 1: ");
  (void)all(lexer);
  EXPECT_EQ(lexer.error_leader(), "\"rules.txt\", line 2: ");
  EXPECT_EQ(lexer.error_leader("other", 7), "\"other\", line 7: ");
  EXPECT_EQ(Shlex("", {}).error_leader(), "\"<input>\", line 1: ");
}

// --- Sources ---

TEST(Sources, are_read_to_their_end_and_then_the_one_below_goes_on) {
  Shlex lexer("a d", {.infile = "outer"});
  EXPECT_EQ(lexer.get_token(), "a");
  lexer.push_source(Shlex::Source("b\nc", "inner"));
  EXPECT_EQ(lexer.infile, "inner");
  EXPECT_EQ(lexer.lineno, 1);
  EXPECT_EQ(lexer.source_depth(), 1U);
  EXPECT_EQ(lexer.get_token(), "b");
  EXPECT_EQ(lexer.lineno, 2);
  EXPECT_EQ(lexer.get_token(), "c");
  EXPECT_EQ(lexer.get_token(), "d");
  EXPECT_EQ(lexer.infile, "outer");
  EXPECT_EQ(lexer.lineno, 1);
}

TEST(Sources, may_be_streams_owned_or_not) {
  std::istringstream borrowed("b");
  Shlex lexer("z", {});
  lexer.push_source(Shlex::Source(std::make_unique<std::istringstream>("c")));
  lexer.push_source(Shlex::Source(borrowed));
  EXPECT_EQ(all(lexer), (Words{"b", "c", "z"}));
}

TEST(Sources, can_be_dropped_early_but_not_the_last) {
  Shlex lexer("z", {});
  lexer.push_source(Shlex::Source("a b"));
  EXPECT_EQ(lexer.get_token(), "a");
  lexer.pop_source();
  EXPECT_EQ(lexer.get_token(), "z");
  EXPECT_THROW(lexer.pop_source(), StateError);
}

class Files : public testing::Test {
 protected:
  Files() : folder_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directories(folder_ / "sub");
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

 private:
  static std::string unique_name() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return std::string("cohort-shlex-") + info->name() + "-" + std::to_string(std::random_device{}());
  }
  std::filesystem::path folder_;
};

TEST_F(Files, are_included_where_the_source_word_stands) {
  write("sub/inner.rc", "b c\n");
  Shlex lexer("a source \"sub/inner.rc\" d\n", {.infile = write("outer.rc", ""), .posix = false});
  lexer.source = "source";
  EXPECT_EQ(all(lexer), (Words{"a", "b", "c", "d"}));
}

TEST_F(Files, are_found_by_absolute_name_wherever_the_includer_is) {
  std::string inner = write("inner.rc", "x");
  Shlex lexer("source '" + inner + "' y", {.infile = "/nowhere/outer.rc", .posix = true});
  lexer.source = "source";
  EXPECT_EQ(all(lexer), (Words{"x", "y"}));
}

TEST_F(Files, are_found_beside_the_includer_with_or_without_quotes) {
  std::string beside = write("included.sh", "hello");
  Shlex lexer("", {.infile = write("main.sh", "")});
  for (const std::string& name : {std::string("included.sh"), std::string("\"included.sh\""), "\"" + beside + "\""}) {
    EXPECT_EQ(lexer.open_source(name).name, beside);
  }
}

TEST_F(Files, that_include_themselves_end_in_an_error) {
  std::string self = write("self.rc", "source self.rc\n");
  Shlex lexer("source \"" + self + "\"\n", {});
  lexer.wordchars += ".";
  lexer.source = "source";
  EXPECT_THROW((void)all(lexer), ValueError);
}

TEST_F(Files, that_are_not_there_are_named_in_the_error) {
  Shlex lexer("source missing.rc\n", {.infile = write("outer.rc", "")});
  lexer.wordchars += ".";
  lexer.source = "source";
  try {
    (void)lexer.get_token();
    FAIL() << "not thrown";
  } catch (const OsError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(error.subject().find("missing.rc"), std::string::npos);
  }
  EXPECT_THROW((void)lexer.open_source("sub"), OsError);
  EXPECT_THROW((void)lexer.open_source(""), ValueError);
}

TEST(Sourcehook, decides_what_is_read) {
  Shlex lexer("source one source two end\n", {});
  lexer.source = "source";
  lexer.sourcehook = [](const std::string& name) -> std::optional<Shlex::Source> {
    if (name == "one") return std::nullopt;
    return Shlex::Source("from " + name);
  };
  EXPECT_EQ(all(lexer), (Words{"from", "two", "end"}));
}

TEST(Sourcehook, is_not_asked_when_no_name_follows) {
  Shlex lexer("source", {});
  lexer.source = "source";
  EXPECT_THROW((void)lexer.get_token(), ValueError);
}

// --- Traces ---

class Traced : public testing::Test {
 protected:
  Words lines(Shlex& lexer, int level) {
    Words lines;
    lexer.debug = level;
    lexer.trace = [&lines](std::string_view line) { lines.emplace_back(line); };
    try {
      (void)all(lexer);
    } catch (const ValueError&) { lines.emplace_back("error"); }
    return lines;
  }
  Words lines(std::string_view text, ShlexOptions options, int level) {
    Shlex lexer(text, std::move(options));
    return lines(lexer, level);
  }
};

TEST_F(Traced, level_1_shows_tokens) {
  EXPECT_EQ(lines("a", {}, 1), (Words{"shlex: token='a'", "shlex: token=EOF"}));
  Shlex lexer("", {});
  lexer.debug = 1;
  lexer.trace = [](std::string_view line) { EXPECT_EQ(line, "shlex: pushing token \"it's\""); };
  lexer.push_token("it's");
  EXPECT_EQ(lines(lexer, 1).front(), "shlex: popping token \"it's\"");
}

TEST_F(Traced, level_1_shows_sources) {
  Words seen;
  Shlex lexer("a", {.infile = "below"});
  lexer.debug = 1;
  lexer.trace = [&seen](std::string_view line) { seen.emplace_back(line); };
  lexer.push_source(Shlex::Source("", "file"));
  lexer.push_source(Shlex::Source(""));
  lexer.pop_source();
  lexer.pop_source();
  EXPECT_EQ(seen, (Words{"shlex: pushing to file file", "shlex: pushing to stream", "shlex: popping to file, line 1",
                         "shlex: popping to below, line 1"}));
}

TEST_F(Traced, level_2_shows_reasons) {
  EXPECT_EQ(lines(" a b;c", {}, 2),
            (Words{"shlex: I see whitespace in whitespace state", "shlex: I see whitespace in word state",
                   "shlex: raw token='a'", "shlex: token='a'", "shlex: I see punctuation in word state",
                   "shlex: raw token='b'", "shlex: token='b'", "shlex: popping token ';'", "shlex: raw token='c'",
                   "shlex: token='c'", "shlex: raw token=EOF", "shlex: token=EOF"}));
  EXPECT_EQ(lines("'a", {}, 2), (Words{"shlex: I see EOF in quotes state", "error"}));
  EXPECT_EQ(lines("\\", {.posix = true}, 2), (Words{"shlex: I see EOF in escape state", "error"}));
}

TEST_F(Traced, level_3_shows_characters_and_states) {
  EXPECT_EQ(lines("a'\\", {.posix = true}, 3),
            (Words{"shlex: in state ' ' I see character: 'a'", "shlex: in state 'a' I see character: \"'\"",
                   "shlex: in state \"'\" I see character: '\\\\'", "shlex: in state \"'\" I see character: ''",
                   "shlex: I see EOF in quotes state", "error"}));
  EXPECT_EQ(lines(";\n\xff", {.punctuation_chars = ";"}, 3)[1], "shlex: in state 'c' I see character: '\\n'");
}

TEST_F(Traced, prints_to_standard_output_by_itself) {
  Shlex lexer("", {});
  lexer.debug = 1;
  testing::internal::CaptureStdout();
  lexer.push_token("x");
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "shlex: pushing token 'x'\n");
}

}  // namespace
}  // namespace cohort::shlex
