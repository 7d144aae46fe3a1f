// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/shell_text.hpp"

#include <algorithm>
#include <utility>

#include "scan/rules.hpp"

namespace cohort::scan {

namespace {

constexpr std::string_view kOwnOfShell[] = {
    ":",      ".",     "[",     "alias",  "break", "case",  "cd",     "command", "continue", "do",   "done", "echo",
    "elif",   "else",  "esac",  "eval",   "exec",  "exit",  "export", "false",   "fi",       "for",  "if",   "in",
    "printf", "pwd",   "read",  "return", "set",   "shift", "test",   "then",    "times",    "trap", "true", "type",
    "ulimit", "umask", "unset", "until",  "wait",  "while", "!",      "{",       "}",        "(",    ")"};
constexpr std::string_view kBeforeCommands[] = {"then",    "do", "else",  "!",     "{",    "(",   "exec",
                                                "command", "if", "while", "until", "elif", "time"};
constexpr std::string_view kPrefixPrograms[] = {"sudo",    "env",  "nohup", "nice",   "exec",
                                                "command", "time", "doas",  "setsid", "stdbuf"};
constexpr std::string_view kShared[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// The words of each simple command, quotes removed.
std::vector<std::vector<std::string>> commands_of(std::string_view text) {
  std::vector<std::vector<std::string>> commands(1);
  std::string word;
  bool in_word = false;
  char quote = '\0';
  auto end_word = [&] {
    if (in_word) commands.back().push_back(std::exchange(word, ""));
    in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool redirection = c == '&' && ((i > 0 && text[i - 1] == '>') || (i + 1 < text.size() && text[i + 1] == '>'));
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      end_word();
    } else if ((c == ';' || c == '|' || c == '&' || c == '\n') && !redirection) {
      end_word();
      if (!commands.back().empty()) commands.emplace_back();
    } else {
      word += c;
      in_word = true;
    }
  }
  end_word();
  return commands;
}

bool is_assignment(std::string_view word) {
  auto equals = word.find('=');
  if (equals == 0 || equals == std::string_view::npos) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::size_t count_placeholders(std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = word.find("{}"); at != std::string_view::npos; at = word.find("{}", at + 2)) ++count;
  return count;
}

// Where a command's words are read once more by a shell: the index of the first such word, or past the end.
std::pair<std::size_t, std::size_t> reread_words(const std::vector<std::string>& words) {
  std::size_t first = 0;
  while (first < words.size() && (is_assignment(words[first]) || among(kPrefixPrograms, words[first]))) ++first;
  if (first == words.size()) return {words.size(), words.size()};
  if (words[first] == "eval") return {first + 1, words.size()};
  if (words[first] == "ssh" || words[first].ends_with("/ssh")) {
    std::size_t host = first + 1;
    while (host < words.size() && words[host].starts_with("-")) host += words[host].size() == 2 ? 2 : 1;
    return {host + 1, words.size()};
  }
  for (std::size_t i = first; i + 1 < words.size(); ++i) {
    if (!is_shell(words[i]) && !is_interpreter(words[i])) continue;
    for (std::size_t flag = i + 1; flag + 1 < words.size(); ++flag) {
      const std::string& word = words[flag];
      if (word.size() > 1 && word[0] == '-' && (word.back() == 'c' || word.back() == 'e')) return {flag + 1, flag + 2};
    }
  }
  return {words.size(), words.size()};
}

}  // namespace

std::string relative_program(std::string_view text) {
  for (const auto& words : commands_of(text)) {
    std::size_t first = 0;
    while (first < words.size() && (is_assignment(words[first]) || among(kBeforeCommands, words[first]))) {
      if (words[first].starts_with("PATH=/")) return "";
      ++first;
    }
    if (first == words.size() || words[first].empty()) continue;
    const std::string& program = words[first];
    bool odd = program[0] == '#' || program[0] == '>' || program[0] == '<' || program[0] == '$' || program[0] == '-';
    if (program[0] != '/' && !odd && !among(kOwnOfShell, program)) return program;
  }
  return "";
}

bool is_temporary(std::string_view path) {
  return std::any_of(std::begin(kShared), std::end(kShared),
                     [&](std::string_view folder) { return path.starts_with(folder) && path.size() > folder.size(); });
}

bool redirects_to_temporary(std::string_view text) {
  for (std::size_t at = text.find('>'); at != std::string_view::npos; at = text.find('>', at + 1)) {
    std::size_t path = text.find_first_not_of("> |", at);
    if (path != std::string_view::npos && is_temporary(text.substr(path))) return true;
  }
  return false;
}

std::vector<std::size_t> reread_placeholders(std::string_view format) {
  std::vector<std::size_t> found;
  std::size_t place = 0;
  for (const auto& words : commands_of(format)) {
    auto [begin, end] = reread_words(words);
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::size_t here = count_placeholders(words[i]);
      for (std::size_t n = 0; n < here; ++n, ++place) {
        if (i >= begin && i < end) found.push_back(place);
      }
    }
  }
  return found;
}

}  // namespace cohort::scan
