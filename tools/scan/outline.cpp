// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/outline.hpp"

#include <algorithm>
#include <array>

namespace cohort::scan {

namespace {

// What may stand before a call but is no type: after any other word a name with a parenthesis declares something.
constexpr std::array<std::string_view, 16> kBeforeCalls = {
    "return", "co_return", "co_await", "co_yield", "throw", "else",   "do",   "case",
    "not",    "and",       "or",       "in",       "xor",   "delete", "goto", "sizeof"};
constexpr std::array<std::string_view, 14> kNoFunctions = {"if",     "for",      "while",   "switch",   "catch",
                                                           "return", "sizeof",   "alignas", "decltype", "noexcept",
                                                           "new",    "requires", "throw",   "explicit"};
constexpr std::array<std::string_view, 7> kAfterParameters = {"const", "noexcept", "override", "final",
                                                              "try",   "mutable",  "volatile"};

constexpr std::size_t kLongestHead = 400;

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Outline::Outline(const TokenizedSource& source) : source_(&source) {
  for (const Macro& macro : source.macros) {
    if (!macro.takes_arguments) macros_.insert_or_assign(macro.name, TokenRange{macro.begin, macro.end});
    regions_.push_back({macro.name, {}, {macro.begin, macro.end}, {}});
  }
  std::map<std::string_view, const Macro*> with_arguments;
  for (const Macro& macro : source.macros) {
    if (macro.takes_arguments) with_arguments.insert_or_assign(macro.name, &macro);
  }
  for (std::size_t i = 0; i + 1 < source.text_end && !with_arguments.empty(); ++i) {
    if (token(i).kind != TokenKind::identifier || !token(i + 1).is("(")) continue;
    if (auto found = with_arguments.find(token(i).text); found != with_arguments.end())
      called_macros_.insert_or_assign(token(i).text, found->second);
  }
  read_declarations();
}

const Macro* Outline::called_macro(std::string_view name) const {
  auto found = called_macros_.find(name);
  return found == called_macros_.end() ? nullptr : found->second;
}

std::size_t Outline::after(std::size_t i) const {
  const Token& bracket = token(i);
  return bracket.match != kNone && bracket.match > i ? bracket.match + 1 : i + 1;
}

// Walks what stands outside functions, statement by statement; bodies and initializers are jumped over.
void Outline::read_declarations() {
  std::size_t head = 0;
  std::size_t end = source_->text_end;
  for (std::size_t i = 0; i < end;) {
    while (!scopes_.empty() && i >= scopes_.back().end) scopes_.pop_back();
    const Token& here = token(i);
    // Longer heads are no C++ that anyone writes; without a limit such text would take quadratic time.
    if (i - head > kLongestHead) head = i - kLongestHead;
    if (here.is("{")) {
      std::size_t next = read_brace(head, i);
      bool entered = next == i + 1;
      // An initializer belongs to its statement, which goes on after it.
      bool goes_on = next < end && (token(next).is(";") || token(next).is(",") || token(next).is("{"));
      if (entered || !goes_on) head = next;
      i = next;
    } else if (here.is(";")) {
      end_statement(head, i);
      head = ++i;
    } else if (here.is("}")) {
      head = ++i;
    } else if (here.is("(") || here.is("[")) {
      i = after(i);
    } else if (here.is(":") && i > head &&
               (token(i - 1).names("public") || token(i - 1).names("private") || token(i - 1).names("protected"))) {
      head = ++i;
    } else {
      ++i;
    }
  }
}

// Decides what the brace after a head is, and says where to go on: inside for a scope, behind it for anything else.
std::size_t Outline::read_brace(std::size_t head, std::size_t brace) {
  std::size_t close = token(brace).match;
  if (close == kNone) return brace + 1;
  if (head_has(head, brace, "namespace")) {
    std::string name = token(brace - 1).names("namespace") ? "(anonymous)" : token(brace - 1).text;
    scopes_.push_back({name, close});
    return brace + 1;
  }
  if (brace >= 2 && token(brace - 1).kind == TokenKind::string && token(brace - 2).names("extern")) return brace + 1;
  std::size_t start = skip_template(head, brace);
  if (opens_class(start, brace)) {
    std::size_t name = start;
    for (std::size_t i = start; i < brace && !token(i).is(":"); ++i) {
      if (token(i).kind == TokenKind::identifier && !token(i).names("final")) name = i;
      if (token(i).is("<")) break;
    }
    scopes_.push_back({token(name).text, close});
    return brace + 1;
  }
  std::size_t parameters = find_parameters(start, brace);
  if (parameters == kNone || find_assignment(start, brace) != kNone) return close + 1;
  // A member's initializer: another one follows, or the body.
  bool initializer = head_has(parameters, brace, ":") &&
                     (token(brace - 1).kind == TokenKind::identifier || token(brace - 1).is(">")) &&
                     !among(kAfterParameters, token(brace - 1).text) && close + 1 < source_->text_end &&
                     (token(close + 1).is(",") || token(close + 1).is("{"));
  if (initializer) return close + 1;
  // From the parameters on, so that what initializes members is looked at, too.
  std::size_t parameters_end = after(parameters);
  add_function(parameters - 1, parameters, {parameters_end, close});
  return close + 1;
}

bool Outline::opens_class(std::size_t start, std::size_t brace) const {
  bool keyword = false;
  for (std::size_t i = start; i < brace; ++i) {
    if (token(i).is("=") || token(i).is("(")) {
      if (token(i).is("=")) return false;
      i = after(i) - 1;
      continue;
    }
    const std::string& text = token(i).text;
    if (token(i).kind == TokenKind::identifier &&
        (text == "class" || text == "struct" || text == "union" || text == "enum"))
      keyword = true;
  }
  const Token& last = token(brace - 1);
  return keyword && !last.is(")") && !among(kAfterParameters, last.text);
}

std::size_t Outline::skip_template(std::size_t head, std::size_t end) const {
  while (head + 1 < end && token(head).names("template") && token(head + 1).is("<")) {
    int depth = 0;
    std::size_t i = head + 1;
    for (; i < end; i = after(i)) {
      depth += token(i).is("<") ? 1 : token(i).is(">") ? -1 : 0;
      if (depth == 0) break;
    }
    head = std::min(i + 1, end);
  }
  return head;
}

bool Outline::head_has(std::size_t head, std::size_t end, std::string_view word) const {
  for (std::size_t i = head; i < end; i = after(i)) {
    if (token(i).text == word && token(i).kind != TokenKind::string) return true;
  }
  return false;
}

// The parenthesis of a function's parameters within a declaration: the first one after a name.
std::size_t Outline::find_parameters(std::size_t head, std::size_t end) const {
  for (std::size_t i = head; i < end; i = after(i)) {
    if (token(i).is("(") && i > head && token(i).match != kNone && token(i - 1).kind == TokenKind::identifier &&
        !among(kNoFunctions, token(i - 1).text)) {
      return i;
    }
  }
  return kNone;
}

std::size_t Outline::find_assignment(std::size_t head, std::size_t end) const {
  for (std::size_t i = head; i < end; i = after(i)) {
    if (token(i).is("=") && (i == head || !token(i - 1).names("operator"))) return i;
  }
  return kNone;
}

std::vector<std::string> Outline::scope_names() const {
  std::vector<std::string> names;
  for (const Scope& scope : scopes_) names.push_back(scope.name);
  return names;
}

void Outline::add_function(std::size_t name, std::size_t parameters, TokenRange body) {
  note_declared(name, true);
  Region region{token(name).text, {parameters + 1, token(parameters).match}, body, scope_names()};
  for (std::size_t i = name; i >= 2 && token(i - 1).is("::") && token(i - 2).kind == TokenKind::identifier; i -= 2) {
    region.scopes.push_back(token(i - 2).text);
  }
  regions_.push_back(std::move(region));
}

void Outline::note_declared(std::size_t name, bool has_body) {
  std::string scope = scopes_.empty() ? "" : scopes_.back().name;
  if (name >= 2 && token(name - 1).is("::") && token(name - 2).kind == TokenKind::identifier)
    scope = token(name - 2).text;
  // At global scope a declaration without a body is libc's own, once more.
  if (!scope.empty() || has_body) declared_.emplace(scope, token(name).text);
}

void Outline::end_statement(std::size_t head, std::size_t end) {
  std::size_t start = skip_template(head, end);
  std::size_t assignment = find_assignment(start, end);
  std::size_t parameters = find_parameters(start, assignment == kNone ? end : assignment);
  if (start < end && token(start).names("using")) {
    bool of_std = head_has(start, end, "std");
    if (!of_std && end > start + 1 && token(end - 1).kind == TokenKind::identifier && assignment == kNone)
      declared_.emplace(scopes_.empty() ? "" : scopes_.back().name, token(end - 1).text);
    return;
  }
  bool virtual_or_defaulted = assignment != kNone && assignment + 2 == end;
  if (parameters != kNone && (assignment == kNone || virtual_or_defaulted)) note_declared(parameters - 1, false);
  note_constant(start, end);
  // Calls in initializers of variables and members.
  if (assignment != kNone || head_has(start, end, "{")) { regions_.push_back({"", {}, {start, end}, scope_names()}); }
}

void Outline::note_constant(std::size_t head, std::size_t end) {
  if (!head_has(head, end, "const") && !head_has(head, end, "constexpr")) return;
  for (std::size_t i = head + 1; i < end; i = after(i)) {
    if (!token(i).is("=") && !token(i).is("{")) continue;
    std::size_t name = i - 1;
    if (token(name).is("]") && token(name).match != kNone && token(name).match > head) name = token(name).match - 1;
    if (token(name).kind != TokenKind::identifier) return;
    constants_.insert_or_assign(token(name).text, token(i).is("=") ? TokenRange{i + 1, end} : TokenRange{i, after(i)});
    return;
  }
}

TokenRange Outline::constant(std::string_view name) const {
  if (auto found = constants_.find(name); found != constants_.end()) return found->second;
  if (auto found = macros_.find(name); found != macros_.end()) return found->second;
  return {};
}

bool Outline::declares(std::string_view name, const Region& region) const {
  auto has = [&](std::string_view scope) {
    return declared_.contains(std::pair(std::string(scope), std::string(name)));
  };
  return has("") || std::any_of(region.scopes.begin(), region.scopes.end(), has);
}

std::vector<TokenRange> Outline::split(TokenRange range, std::string_view separator) const {
  std::vector<TokenRange> parts;
  std::size_t begin = range.begin;
  for (std::size_t i = range.begin; i < range.end; i = after(i)) {
    if (token(i).is(separator)) {
      parts.push_back({begin, i});
      begin = i + 1;
    }
  }
  if (begin < range.end) parts.push_back({begin, range.end});
  return parts;
}

std::string Outline::qualifier(std::size_t name, bool& member) const {
  std::string text;
  std::size_t i = name;
  while (i >= 1 && token(i - 1).is("::")) {
    if (i >= 2 && token(i - 2).kind == TokenKind::identifier && !among(kBeforeCalls, token(i - 2).text)) {
      text.insert(0, text.empty() ? token(i - 2).text : token(i - 2).text + "::");
      i -= 2;
    } else {
      if (text.empty()) text = i >= 2 && (token(i - 2).is(">")) ? "?" : "::";
      --i;
      break;
    }
  }
  member = i >= 1 && (token(i - 1).is(".") || token(i - 1).is("->") || token(i - 1).is(".*") || token(i - 1).is("->*"));
  return text;
}

bool Outline::is_call(std::size_t i, TokenRange body) const {
  if (token(i).kind != TokenKind::identifier || i + 1 >= body.end) return false;
  bool braces = token(i + 1).is("{");
  if (!token(i + 1).is("(") && !braces) return false;
  if (token(i + 1).match == kNone || token(i + 1).match > body.end || among(kNoFunctions, token(i).text)) return false;
  std::size_t first = i;
  while (first >= body.begin + 2 && token(first - 1).is("::") && token(first - 2).kind == TokenKind::identifier &&
         !among(kBeforeCalls, token(first - 2).text)) {
    first -= 2;
  }
  if (first > body.begin && token(first - 1).is("::")) --first;
  if (first == body.begin) return true;
  const Token& before = token(first - 1);
  if (before.kind == TokenKind::identifier) return among(kBeforeCalls, before.text);
  return true;
}

// `#define SYSTEM system` is another name for it.
const std::string& Outline::function_name(std::size_t i) const {
  auto found = macros_.find(token(i).text);
  if (found == macros_.end() || found->second.end != found->second.begin + 1) return token(i).text;
  const Token& body = token(found->second.begin);
  return body.kind == TokenKind::identifier ? body.text : token(i).text;
}

std::vector<Call> Outline::calls(const Region& region) const {
  std::vector<Call> found;
  for (std::size_t i = region.body.begin; i + 1 < region.body.end; ++i) {
    if (!is_call(i, region.body)) continue;
    Call call;
    call.name = function_name(i);
    call.qualifier = qualifier(i, call.member);
    call.at = i;
    call.open = i + 1;
    call.close = token(i + 1).match;
    call.arguments = split({call.open + 1, call.close});
    found.push_back(std::move(call));
  }
  return found;
}

}  // namespace cohort::scan
