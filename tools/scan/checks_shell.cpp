// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

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

bool is_flag_text(std::string_view text) {
  Token token;
  token.kind = TokenKind::string;
  token.text = text;
  return is_command_flag(token);
}

// A word of a list of words, wherever it was put there.
struct Word {
  TokenRange value;
  std::size_t at = 0;
  // The list or call in whose brackets it lies, of which check_lists reads what is written literally; kNone: put there
  // by itself.
  std::size_t open = kNone;
};

// `shell`, `user_shell.c_str()`: what $SHELL or a password entry says.
bool names_shell(const Scene& scene, TokenRange word) {
  std::string name(scene.values.base(word));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name.find("shell") != std::string::npos;
}

// sh, -c, text: whatever the words are written as.
void check_words(Scene& scene, const std::vector<Word>& words) {
  int left = 0;
  bool shell = false;
  for (std::size_t n = 0; n + 1 < words.size(); ++n) {
    auto constant = scene.values.text(words[n].value).constant();
    bool named_shell = !constant && names_shell(scene, words[n].value);
    if (named_shell || (constant && (is_shell(*constant) || is_interpreter(*constant)))) {
      shell = named_shell || is_shell(*constant);
      left = kMostWordsBefore;
      continue;
    }
    if (--left < 0 || !constant || !is_flag_text(*constant) || (shell && constant->back() != 'c')) continue;
    const Word& command = words[n + 1];
    bool literal = scene.token(words[n].value.begin).kind == TokenKind::string;
    bool together =
        n > 0 && words[n].open != kNone && words[n].open == command.open && words[n].open == words[n - 1].open;
    bool read_already = literal && together && scene.token(words[n - 1].value.begin).kind == TokenKind::string;
    if (read_already || is_null(scene, command.value) || scene.values.text(command.value).safe_for_shell()) continue;
    scene.report(shell ? "shell-exec" : "interpreter-code", command.at);
    return;
  }
}

void add_words(Scene& scene, TokenRange list, std::vector<Word>& words) {
  if (list.end - list.begin > kLongestList) return;
  for (TokenRange element : scene.outline.split(list)) words.push_back({element, element.begin, list.begin});
}

// The words that a list is given where it is declared, and later: push_back, emplace_back, insert, [n] = word.
void check_filled_lists(Scene& scene) {
  std::map<std::string, std::vector<Word>> lists;
  TokenRange body = scene.region.body;
  for (std::size_t i = body.begin; i + 1 < body.end; ++i) {
    const Token& name = scene.token(i);
    if (name.kind != TokenKind::identifier) continue;
    std::size_t next = i + 1;
    bool element = false;
    while (next < body.end && scene.token(next).is("[") && scene.token(next).match != kNone) {
      element = true;
      next = scene.token(next).match + 1;
    }
    if (scene.token(next).is("=")) ++next;
    const Token& open = scene.token(next);
    if (open.is("{") && open.match != kNone && (next > i + 1 || i > body.begin)) {
      // A list has several words; `if (x) {` has statements.
      bool after_type = i > body.begin && (scene.token(i - 1).is(">") || scene.token(i - 1).is("*") ||
                                           scene.token(i - 1).kind == TokenKind::identifier);
      if (next > i + 1 || after_type) add_words(scene, {next + 1, open.match}, lists[name.text]);
    } else if (element && next > i + 1 && scene.token(next - 1).is("=")) {
      std::size_t end = next;
      while (end < body.end && !scene.token(end).is(";")) end = scene.outline.after(end);
      lists[name.text].push_back({{next, end}, i, kNone});
    } else if (scene.token(i + 1).is(".") && i + 3 < body.end && scene.token(i + 3).is("(") &&
               scene.token(i + 3).match != kNone) {
      TokenRange given{i + 4, scene.token(i + 3).match};
      const std::string& call = scene.token(i + 2).text;
      if (call == "push_back" || call == "emplace_back") {
        lists[name.text].push_back({given, i, kNone});
      } else if (call == "insert") {
        for (TokenRange part : scene.outline.split(given))
          if (scene.token(part.begin).is("{") && scene.token(part.begin).match != kNone)
            add_words(scene, {part.begin + 1, scene.token(part.begin).match}, lists[name.text]);
      }
    }
  }
  for (const auto& [name, words] : lists) check_words(scene, words);
  for (const Call& call : scene.calls) {
    const LaunchFunction* launch = scene.c_launch(call);
    if (launch == nullptr || launch->launch != Launch::list) continue;
    std::vector<Word> words;
    for (TokenRange argument : call.arguments) words.push_back({argument, argument.begin, call.open});
    check_words(scene, words);
  }
}

// The parameters of a macro that stand in a range of its body.
std::vector<std::size_t> parameters_in(const Scene& scene, const Macro& macro, TokenRange range) {
  std::vector<std::size_t> numbers;
  for (std::size_t n = 0; n < macro.parameters.size(); ++n) {
    if (scene.mentions(range, macro.parameters[n])) numbers.push_back(n);
  }
  return numbers;
}

// Whether this is the body of a macro that the file calls, and its text comes from there: check_macro looks at each
// call.
bool is_judged_where_called(const Scene& scene, TokenRange text) {
  if (scene.region.body.begin < scene.outline.source().text_end) return false;
  const Macro* macro = scene.outline.called_macro(scene.region.name);
  return macro != nullptr && macro->begin == scene.region.body.begin && !parameters_in(scene, *macro, text).empty();
}

// RUN(text), where RUN's body gives its argument to a shell.
void check_macro(Scene& scene, const Call& call) {
  const Macro* macro = scene.outline.called_macro(call.name);
  if (macro == nullptr || call.member || macro->end - macro->begin > kLongestList) return;
  for (std::size_t i = macro->begin; i + 2 < macro->end; ++i) {
    const LaunchFunction* launch = find_launch(scene.token(i).text);
    if (launch == nullptr || launch->launch != Launch::shell_text || scene.token(i).kind != TokenKind::identifier ||
        !scene.token(i + 1).is("(") || scene.token(i + 1).match == kNone)
      continue;
    std::vector<TokenRange> given = scene.outline.split({i + 2, scene.token(i + 1).match});
    if (given.empty()) continue;
    for (std::size_t n : parameters_in(scene, *macro, given[0])) {
      if (n >= call.arguments.size() || scene.values.text(call.arguments[n]).safe_for_shell()) continue;
      scene.report("shell-command", call.at, scene.token(i).text + "() within " + macro->name);
      return;
    }
  }
}

// system(text), popen(text, "r") and what is like them.
void check_text(Scene& scene, const Call& call) {
  if (call.arguments.empty() || is_null(scene, call.arguments[0])) return;
  if (is_judged_where_called(scene, call.arguments[0])) return;
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
    check_macro(scene, call);
  }
  check_lists(scene);
  check_filled_lists(scene);
  for (std::size_t i = scene.region.body.begin; i < scene.region.body.end; ++i) check_remote(scene, i);
}

}  // namespace cohort::scan
