// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/shell.hpp"

#include "cohort/base/check.hpp"
#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"

namespace cohort::subprocess {

namespace detail {

// Reached at compile time only, where calling them is the error. They are defined so that a debugger finds them.
void shell_placeholder_count_differs_from_argument_count() {}
void shell_placeholder_inside_quotes_or_expansion() {}

}  // namespace detail

Shell::Shell(std::string_view format, const std::vector<std::vector<std::string>>& words) {
  if (words.empty()) {
    text_ = format;
    return;
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    std::string_view rest = format.substr(i);
    if (rest.starts_with("{{}}")) {
      text_ += "{}";
      i += 3;
    } else if (rest.starts_with("{}")) {
      COHORT_CHECK(next < words.size(), "a Shell format was checked when it was compiled");
      const char* separator = "";
      for (const std::string& word : words[next++]) {
        if (word.find('\0') != std::string::npos) throw ValueError("Shell", "argument", "embedded NUL byte");
        text_ += separator;
        text_ += shlex::quote(word);
        separator = " ";
      }
      ++i;
    } else {
      text_ += format[i];
    }
  }
}

}  // namespace cohort::subprocess
