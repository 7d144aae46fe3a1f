// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/command.hpp"

#include "cohort/subprocess/shell.hpp"
#include "subprocess/quoting.hpp"

namespace cohort::subprocess {

Command::Command(const Shell& shell) : words_{"/bin/sh", "-c", shell.text()}, is_shell_(true) {}

std::string Command::to_string() const {
  if (is_shell_ && words_.size() == 3) return words_[2];
  std::string text;
  for (const std::string& word : words_) {
    if (!text.empty()) text += ' ';
    text += detail::quote(word);
  }
  return text;
}

namespace detail {

std::string quote(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') {
      quoted += "'\"'\"'";
    } else {
      quoted += c;
    }
  }
  return quoted += '\'';
}

}  // namespace detail

}  // namespace cohort::subprocess
