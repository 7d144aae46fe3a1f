// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A command line for the shell whose text is fixed when the program is compiled.
//
//   run(Shell{"df -h | grep sda1"});
//   run(Shell{"grep -c {} *.log | sort > {}", pattern, file});   // each {} becomes one quoted word
//   run(Shell{"tar cf all.tar {}", files});                      // a range becomes one quoted word per element
//   run(Shell{text_from_outside});                               // does not compile
//
// The format must be a string literal, and every argument is quoted, so that whatever comes from outside stays one
// literal word: an injection has no way to be written. A {} where quoting could not protect (inside quotes,
// backquotes, $(( )), ${ }, a comment or a here-document, or right after $ or \) does not compile either. With
// arguments, {{}} stands for the two characters {}; without, braces mean nothing.
// A plain value. Python: shell=True with a string, where nothing keeps a variable out.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/subprocess/command.hpp"

namespace cohort::subprocess {

namespace detail {

// Named so that the compiler's message tells what is wrong: "call to non-constexpr function …".
void shell_placeholder_count_differs_from_argument_count();
void shell_placeholder_inside_quotes_or_expansion();

/// Reads a shell format as far as is needed to know where a quoted word may stand.
class ShellScan {
 public:
  /// The number of {}; a compile-time error where one is in a bad place.
  static consteval std::size_t count(std::string_view text) {
    std::size_t found = 0;
    ShellScan scan;
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string_view rest = text.substr(i);
      if (rest.starts_with("{{}}")) {
        i += 3;
      } else if (rest.starts_with("{}")) {
        if (scan.forbids(i > 0 ? text[i - 1] : '\n')) shell_placeholder_inside_quotes_or_expansion();
        ++found;
        ++i;
        scan.word_start_ = false;
      } else {
        i += scan.step(rest);
      }
    }
    return found;
  }

 private:
  constexpr bool forbids(char before) const {
    return single_ || double_ || comment_ || backquote_ || here_document_ || braces_ > 0 || arithmetic_ > 0 ||
           before == '$' || before == '\\';
  }
  // Takes one character, sometimes two; returns how many more than one.
  constexpr std::size_t step(std::string_view rest) {
    char c = rest[0];
    bool at_word_start = word_start_;
    word_start_ = !single_ && !double_ &&
                  (c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')');
    if (comment_) {
      comment_ = c != '\n';
    } else if (single_) {
      single_ = c != '\'';
    } else if (c == '\\') {
      return rest.size() > 1 && !rest.substr(1).starts_with("{}") ? 1 : 0;
    } else if (c == '"') {
      double_ = !double_;
    } else if (c == '`') {
      backquote_ = !backquote_;
    } else if (rest.starts_with("$((") || rest.starts_with("${")) {
      rest[1] == '{' ? ++braces_ : ++arithmetic_;
      return 1;
    } else if (c == '}' && braces_ > 0) {
      --braces_;
    } else if (arithmetic_ > 0 && rest.starts_with("))")) {
      --arithmetic_;
      return 1;
    } else if (!double_) {
      if (c == '\'') single_ = true;
      if (c == '#' && at_word_start) comment_ = true;
      if (rest.starts_with("<<")) here_document_ = true;
    }
    return 0;
  }

  bool single_ = false;
  bool double_ = false;
  bool comment_ = false;
  bool backquote_ = false;
  bool here_document_ = false;
  bool word_start_ = true;
  int braces_ = 0;
  int arithmetic_ = 0;
};

/// The words that one argument stands for.
template <class T>
std::vector<std::string> shell_words(const T& argument) {
  if constexpr (std::is_constructible_v<Arg, const T&>) {
    return {Arg(argument).text()};
  } else {
    static_assert(ArgRange<const T&>, "an argument of a Shell is a string, a path, an integer, or a range of these");
    std::vector<std::string> words;
    for (const auto& word : argument) words.push_back(Arg(word).text());
    return words;
  }
}

}  // namespace detail

/// A shell format, checked when the program is compiled; made from a string literal only.
template <class... Args>
class ShellFormat {
 public:
  template <std::size_t N>
  consteval ShellFormat(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT(google-explicit-constructor)
    if constexpr (sizeof...(Args) > 0) {
      if (detail::ShellScan::count(text_) != sizeof...(Args))
        detail::shell_placeholder_count_differs_from_argument_count();
    }
  }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// Text for `/bin/sh -c`, safe by construction.
class COHORT_EXPORT Shell {
 public:
  /// A constant, or a format and as many arguments as it has {}. An argument with a NUL byte throws ValueError.
  template <class... Args>
  Shell(ShellFormat<std::type_identity_t<Args>...> format, const Args&... args)  // NOLINT(google-explicit-constructor)
      : Shell(format.text(), std::vector<std::vector<std::string>>{detail::shell_words(args)...}) {}

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Shell(std::string_view format, const std::vector<std::vector<std::string>>& words);
  std::string text_;
};

}  // namespace cohort::subprocess
