// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The functions over the tokenizer: split, quote, join; and how an included file is opened.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/shlex/shlex.hpp"

namespace cohort::shlex {

namespace {

constexpr std::string_view kHarmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

void append_quoted(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_not_of(kHarmless) == std::string_view::npos) {
    out += text;
    return;
  }
  out += '\'';
  for (char c : text) {
    if (c == '\'') {
      out += "'\"'\"'";  // out of the quotes, one quote in double quotes, into the quotes
    } else {
      out += c;
    }
  }
  out += '\'';
}

template <class Words>
std::string join_words(const Words& words) {
  std::string out;
  bool first = true;
  for (std::string_view word : words) {
    if (!std::exchange(first, false)) out += ' ';
    append_quoted(out, word);
  }
  return out;
}

// The folder that a file lies in, as a prefix for names: "" or with one slash at its end ("//" stays "//").
std::string folder_of(const std::string& file) {
  std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return {};
  std::size_t last = file.find_last_not_of('/', slash);
  return last == std::string::npos ? file.substr(0, slash + 1) : file.substr(0, last + 1) + '/';
}

}  // namespace

std::vector<std::string> split(std::string_view text, SplitOptions options) {
  Shlex lexer(text, {.posix = options.posix});
  lexer.call_ = "shlex.split";
  lexer.whitespace_split = true;
  if (!options.comments) lexer.commenters = "";
  std::vector<std::string> words;
  while (std::optional<std::string> word = lexer.next_token()) words.push_back(std::move(*word));
  return words;
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string join(std::span<const std::string> words) { return join_words(words); }
std::string join(std::span<const std::string_view> words) { return join_words(words); }
std::string join(std::initializer_list<std::string_view> words) { return join_words(words); }

Shlex::Source Shlex::open_source(std::string name) const {
  if (name.empty()) throw ValueError("shlex.open_source", infile.value_or(""), "the file name is empty");
  if (name.front() == '"') name = name.size() < 3 ? std::string() : name.substr(1, name.size() - 2);
  if (infile && (name.empty() || name.front() != '/')) name.insert(0, folder_of(*infile));
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) throw OsError(EISDIR, "open", name);
  errno = 0;
  auto file = std::make_unique<std::ifstream>(name, std::ios::in | std::ios::binary);
  if (!*file) throw OsError(errno != 0 ? errno : ENOENT, "open", name);
  return Source(std::move(file), std::move(name));
}

}  // namespace cohort::shlex
