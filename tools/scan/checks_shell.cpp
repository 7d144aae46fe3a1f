// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "scan/checks.hpp"
#include "scan/shell_text.hpp"

namespace cohort::scan {

namespace {

// How far back the name of the shell may stand from its -c.
constexpr int kMostWordsBefore = 12;
// Bounds on the work, in tokens: lists of words are shorter, and filled in sooner.
constexpr std::size_t kLongestList = 400;
constexpr std::size_t kReach = 2000;

bool is_command_flag(const Token& token) {
  if (token.kind != TokenKind::string || token.text.size() < 2 || token.text[0] != '-') return false;
  return token.text == "-e" || token.text == "-r" ||
         (token.text.back() == 'c' && token.text.size() < 6 &&
          std::all_of(token.text.begin() + 1, token.text.end(), [](char c) { return c >= 'a' && c <= 'z'; }));
}

bool is_null(const Scene& scene, TokenRange range) {
  if (range.end != range.begin + 1) return false;
  const Token& token = scene.token(range.begin);
  return token.names("nullptr") || token.names("NULL") || token.text == "0";
}

// The words of a list before token `end`, the nearest first, with those of the list around it.
enum class Starts : std::uint8_t { nothing, shell, interpreter };

Starts program_before(Scene& scene, std::size_t end, std::size_t open, const std::vector<std::size_t>& around) {
  auto look = [&](std::size_t begin, std::size_t stop) {
    if (stop - begin > kLongestList) return Starts::nothing;
    std::vector<TokenRange> words = scene.outline.split({begin, stop});
    int left = kMostWordsBefore;
    for (auto word = words.rbegin(); word != words.rend() && left > 0; ++word, --left) {
      std::string text;
      if (auto constant = scene.values.text(*word).constant())
        text = *constant;
      else if (scene.mentions(*word, "_PATH_BSHELL"))
        text = "sh";
      if (is_shell(text)) return Starts::shell;
      if (is_interpreter(text)) return Starts::interpreter;
    }
    return Starts::nothing;
  };
  Starts found = look(open + 1, end);
  for (auto outer = around.rbegin(); found == Starts::nothing && outer != around.rend() && outer - around.rbegin() < 2;
       ++outer) {
    found = look(*outer + 1, open);
    open = *outer;
  }
  return found;
}

// argv[2] = text, for a list whose place for the text was left empty.
void check_later_elements(Scene& scene, std::size_t open, Starts starts) {
  std::size_t name = open;
  while (name > scene.region.body.begin && !scene.token(name).is(";")) {
    --name;
    if (scene.token(name).is("]") && scene.token(name).match != kNone)
      name = scene.token(name).match;
    else if (scene.token(name).kind == TokenKind::identifier)
      break;
  }
  const std::string& array = scene.token(name).text;
  std::size_t stop = std::min(scene.region.body.end, open + kReach);
  for (std::size_t i = open; i + 1 < stop; ++i) {
    if (!scene.token(i).names(array) || !scene.token(i + 1).is("[")) continue;
    std::size_t assignment = scene.outline.after(i + 1);
    if (assignment >= scene.region.body.end || !scene.token(assignment).is("=")) continue;
    std::size_t end = assignment + 1;
    while (end < scene.region.body.end && !scene.token(end).is(";")) end = scene.outline.after(end);
    TokenRange value{assignment + 1, end};
    if (is_null(scene, value) || scene.values.text(value).safe_for_shell()) continue;
    scene.report(starts == Starts::shell ? "shell-exec" : "interpreter-code", i);
  }
}

void check_flag(Scene& scene, std::size_t i, const std::vector<std::size_t>& brackets) {
  std::size_t open = brackets.back();
  std::size_t close = scene.token(open).match;
  if (i != open + 1 && !scene.token(i - 1).is(",")) return;
  if (i + 1 >= close || !scene.token(i + 1).is(",")) return;
  std::vector<std::size_t> around(brackets.begin(), brackets.end() - 1);
  Starts starts = program_before(scene, i, open, around);
  bool c = scene.token(i).text.back() == 'c';
  if (starts == Starts::nothing || (starts == Starts::shell && !c)) return;
  std::size_t end = i + 2;
  while (end < close && !scene.token(end).is(",")) end = scene.outline.after(end);
  TokenRange command{i + 2, end};
  if (is_null(scene, command)) {
    check_later_elements(scene, open, starts);
  } else if (!scene.values.text(command).safe_for_shell()) {
    scene.report(starts == Starts::shell ? "shell-exec" : "interpreter-code", i);
  }
}

// {"sh", "-c", text} in whatever it is the words of.
void check_lists(Scene& scene) {
  std::vector<std::size_t> brackets;
  TokenRange body = scene.region.body;
  for (std::size_t i = body.begin; i < body.end; ++i) {
    while (!brackets.empty() && i >= scene.token(brackets.back()).match) brackets.pop_back();
    const Token& token = scene.token(i);
    if ((token.is("(") || token.is("{")) && token.match != kNone && token.match > i) brackets.push_back(i);
    if (!brackets.empty() && is_command_flag(token)) check_flag(scene, i, brackets);
  }
}

// words.push_back("-c"); words.push_back(text);
void check_pushes(Scene& scene) {
  std::string list;
  std::string shell_in;
  for (const Call& call : scene.calls) {
    if (!call.member || (call.name != "push_back" && call.name != "emplace_back") || call.arguments.size() != 1 ||
        call.at < 2)
      continue;
    const std::string& name = scene.token(call.at - 2).text;
    const Token& word = scene.token(call.arguments[0].begin);
    bool literal = call.arguments[0].end == call.arguments[0].begin + 1;
    if (!list.empty() && list == name) {
      if (!scene.values.text(call.arguments[0]).safe_for_shell()) scene.report("shell-exec", call.at);
    }
    list.clear();
    if (literal && is_shell(word.text)) shell_in = name;
    if (literal && is_command_flag(word)) {
      bool initial = false;
      for (TokenRange value : scene.values.assignments(name)) {
        for (std::size_t i = value.begin; i < value.end; ++i)
          initial |= scene.token(i).kind == TokenKind::string && is_shell(scene.token(i).text);
      }
      if (shell_in == name || initial) list = name;
    }
  }
}

// system(text), popen(text, "r") and what is like them.
void check_text(Scene& scene, const Call& call) {
  if (call.arguments.empty() || is_null(scene, call.arguments[0])) return;
  if (call.name == "wordexp" && scene.mentions({call.open, call.close}, "WRDE_NOCMD")) return;
  Text text = scene.values.text(call.arguments[0]);
  if (!text.safe_for_shell()) {
    scene.report("shell-command", call.at, call.name + "()");
    return;
  }
  std::string constant = text.prefix();
  if (auto program = relative_program(constant); !program.empty() && call.name != "wordexp") {
    scene.report("relative-program", call.at, "'" + program + "'");
  }
  if (redirects_to_temporary(constant)) scene.report("temp-path", call.at, "the shell makes the file");
}

// Shell{"ssh host {}", x}: quoted once, read twice.
void check_misuse(Scene& scene, const Call& call) {
  if (call.arguments.size() < 2 || call.member) return;
  auto format = scene.values.text(call.arguments[0]).constant();
  if (!format) return;
  std::vector<std::size_t> places = reread_placeholders(*format);
  for (std::size_t place : places) {
    if (place + 1 >= call.arguments.size()) continue;
    Text argument = scene.values.text(call.arguments[place + 1]);
    bool quoted_twice = argument.safe_for_shell();
    if (!quoted_twice) {
      scene.report("shell-misuse", call.at);
      return;
    }
  }
}

// launch(text, {.shell = true}), and child(text, bp::shell).
void check_wrapper(Scene& scene, const Call& call) {
  if (call.arguments.empty()) return;
  bool shell = false;
  for (std::size_t n = 1; n < call.arguments.size(); ++n) {
    TokenRange range = call.arguments[n];
    for (std::size_t i = range.begin; i < range.end; ++i) {
      bool field = i + 3 < range.end && scene.token(i).is(".") && scene.token(i + 1).text.ends_with("shell") &&
                   scene.token(i + 2).is("=") && scene.token(i + 3).names("true");
      bool tag =
          i == range.begin + 2 && i + 1 == range.end && scene.token(i).names("shell") && scene.token(i - 1).is("::");
      shell |= field || tag;
    }
  }
  if (shell && !scene.values.text(call.arguments[0]).safe_for_shell())
    scene.report("shell-wrapper", call.at, call.name + "()");
}

// {"ssh", host, "ls " + directory}: the other machine's shell reads the words joined.
void check_remote(Scene& scene, std::size_t i) {
  const Token& word = scene.token(i);
  if (word.kind != TokenKind::string || (word.text != "ssh" && !word.text.ends_with("/ssh"))) return;
  if (i == 0 || (!scene.token(i - 1).is("{") && !scene.token(i - 1).is("("))) return;
  std::size_t close = scene.token(i - 1).match;
  if (close == kNone) return;
  for (TokenRange element : scene.outline.split({i + 1, close})) {
    Text text = scene.values.text(element);
    if (text.pieces.size() > 1 && !text.safe_for_shell() && text.prefix().find(' ') != std::string::npos) {
      scene.report("shell-exec", element.begin, "the remote shell reads it");
    }
  }
}

}  // namespace

void check_shells(Scene& scene) {
  for (const Call& call : scene.calls) {
    const LaunchFunction* launch = scene.c_launch(call);
    if (launch != nullptr && launch->launch == Launch::shell_text) check_text(scene, call);
    if (call.name == "Shell") check_misuse(scene, call);
    check_wrapper(scene, call);
  }
  check_lists(scene);
  check_pushes(scene);
  for (std::size_t i = scene.region.body.begin; i < scene.region.body.end; ++i) check_remote(scene, i);
}

}  // namespace cohort::scan
