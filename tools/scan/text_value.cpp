// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/text_value.hpp"

#include <algorithm>
#include <array>

namespace cohort::scan {

namespace {

constexpr int kMostDepth = 40;
constexpr std::size_t kMostPieces = 64;
// The longest statement that is looked at, in tokens; it keeps the whole linear.
constexpr int kMostSteps = 500;

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kNumericTypes[] = {"int",      "long",      "short",     "unsigned", "signed",   "size_t",
                                              "ssize_t",  "pid_t",     "uid_t",     "gid_t",    "mode_t",   "off_t",
                                              "time_t",   "double",    "float",     "bool",     "int8_t",   "int16_t",
                                              "int32_t",  "int64_t",   "uint8_t",   "uint16_t", "uint32_t", "uint64_t",
                                              "intptr_t", "uintptr_t", "ptrdiff_t", "in_port_t"};
// These give what they are given.
constexpr std::string_view kPassing[] = {
    "string",           "string_view", "path",  "move",          "forward",  "static_cast",  "const_cast",
    "reinterpret_cast", "strdup",      "ref",   "cref",          "as_const", "basic_string", "Arg",
    "wordexp",          "data",        "c_str", "to_string_view"};
constexpr std::string_view kSameText[] = {"c_str", "data", "str",        "string", "native",
                                          "get",   "text", "substr_all", "view",   "toStdString"};
constexpr std::string_view kBracedFormats[] = {"format", "vformat"};
constexpr std::string_view kPrintFormats[] = {"StrFormat", "string_printf",   "StringPrintf",
                                              "strprintf", "asprintf_string", "sprintf"};
constexpr std::string_view kConcatenations[] = {"StrCat", "concat", "Concat"};
// dest, …: what they write into their first argument.
constexpr std::string_view kCopies[] = {"strcpy", "strncpy", "stpcpy", "strlcpy", "memcpy", "memmove", "stpncpy"};
constexpr std::string_view kJoins[] = {"strcat", "strncat", "strlcat"};
constexpr std::string_view kReads[] = {"getline",  "fgets",    "gets",      "read",     "recv",     "recvfrom",
                                       "fread",    "scanf",    "fscanf",    "sscanf",   "getdelim", "gethostname",
                                       "getcwd",   "readlink", "vsnprintf", "vsprintf", "mkstemp",  "mkdtemp",
                                       "mkostemp", "realpath", "get_line"};
constexpr std::string_view kAppends[] = {"append", "push_back", "emplace_back", "insert", "replace", "operator+="};

bool quotes_for_shell(const std::string& name, std::string_view qualifier) {
  if (name == "quote" || name == "shellescape" || name == "escapeshellarg") return true;
  if (name == "join") return qualifier.ends_with("shlex");
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  bool verb = lower.find("quote") != std::string::npos || lower.find("escape") != std::string::npos;
  return verb && (lower.find("shell") != std::string::npos || lower.find("posix") != std::string::npos ||
                  lower.find("arg") != std::string::npos || lower.starts_with("sh_"));
}

void append(Text& text, const Text& more) {
  if (text.pieces.size() + more.pieces.size() > kMostPieces) {
    text.pieces.assign(1, Piece{Piece::Kind::unknown, "…"});
    return;
  }
  text.pieces.insert(text.pieces.end(), more.pieces.begin(), more.pieces.end());
}

Text constant_text(std::string value) { return Text{{Piece{Piece::Kind::constant, std::move(value)}}}; }

// The one of which less is known.
const Text& worse(const Text& a, const Text& b) {
  if (!a.known()) return a;
  if (!b.known()) return b;
  if (!a.safe_for_shell()) return a;
  // A buffer starts empty.
  if (a.prefix().empty()) return b;
  return !b.safe_for_shell() ? b : a;
}

}  // namespace

bool Text::known() const {
  return std::none_of(pieces.begin(), pieces.end(),
                      [](const Piece& piece) { return piece.kind == Piece::Kind::unknown; });
}

bool Text::safe_for_shell() const {
  if (!known()) return false;
  char quote = '\0';
  for (const Piece& piece : pieces) {
    if (piece.kind == Piece::Kind::quoted && quote != '\0') return false;
    if (piece.kind != Piece::Kind::constant) continue;
    for (std::size_t i = 0; i < piece.text.size(); ++i) {
      char c = piece.text[i];
      if (c == '\\' && quote != '\'') {
        ++i;
      } else if (quote == c) {
        quote = '\0';
      } else if (quote == '\0' && (c == '\'' || c == '"' || c == '`')) {
        quote = c;
      }
    }
  }
  return true;
}

std::string Text::prefix() const {
  std::string text;
  for (const Piece& piece : pieces) {
    if (piece.kind != Piece::Kind::constant) break;
    text += piece.text;
  }
  return text;
}

std::optional<std::string> Text::constant() const {
  if (!std::all_of(pieces.begin(), pieces.end(),
                   [](const Piece& piece) { return piece.kind == Piece::Kind::constant; })) {
    return std::nullopt;
  }
  return prefix();
}

Evaluator::Evaluator(const Outline& outline, const Region& region) : outline_(&outline), region_(&region) {
  read_parameters();
  read_body();
}

bool Evaluator::numeric_type_before(std::size_t name) const {
  if (name == 0) return false;
  const Token& before = outline_->token(name - 1);
  return before.kind == TokenKind::identifier && among(kNumericTypes, before.text);
}

void Evaluator::read_parameters() {
  for (TokenRange parameter : outline_->split(region_->parameters)) {
    std::size_t end = parameter.end;
    for (std::size_t i = parameter.begin; i < parameter.end; i = outline_->after(i)) {
      if (outline_->token(i).is("=")) end = std::min(end, i);
    }
    while (end > parameter.begin && outline_->token(end - 1).is("]") && outline_->token(end - 1).match != kNone) {
      end = outline_->token(end - 1).match;
    }
    // int (*name)(…), int (&name)[4]
    if (end > parameter.begin && outline_->token(end - 1).is(")")) {
      std::size_t i = parameter.begin;
      while (i + 2 < end && !(outline_->token(i).is("(") && outline_->token(i + 1).kind == TokenKind::punctuation)) ++i;
      end = i + 3;
    }
    if (end <= parameter.begin || end > parameter.end || outline_->token(end - 1).kind != TokenKind::identifier)
      continue;
    const std::string& name = outline_->token(end - 1).text;
    parameters_.insert(name);
    Variable& variable = locals_[name];
    variable.number = numeric_type_before(end - 1);
    if (!variable.number) variable.writes.push_back({Write::Kind::unknown, {end - 1, end}, end - 1});
  }
}

void Evaluator::read_body() {
  for (std::size_t i = region_->body.begin; i < region_->body.end; ++i) {
    if (outline_->token(i).kind == TokenKind::identifier) read_write(i);
  }
  for (const Call& call : outline_->calls(*region_)) read_call(call);
  for (auto& [name, variable] : locals_)
    std::stable_sort(variable.writes.begin(), variable.writes.end(),
                     [](const Write& a, const Write& b) { return a.at < b.at; });
}

TokenRange Evaluator::to_statement_end(std::size_t begin) const {
  std::size_t i = begin;
  for (int steps = 0; i < region_->body.end && steps < kMostSteps; ++steps) {
    const Token& token = outline_->token(i);
    if (token.is(";") || token.is(",") || token.is(")") || token.is("}") || token.is("]")) break;
    i = outline_->after(i);
  }
  return {begin, std::min(i, region_->body.end)};
}

void Evaluator::write(std::size_t name, Write::Kind kind, TokenRange value) {
  locals_[outline_->token(name).text].writes.push_back({kind, value, name});
}

// Looks at one identifier: is something written to it here?
void Evaluator::read_write(std::size_t i) {
  std::size_t end = region_->body.end;
  bool first = i == region_->body.begin;
  if (!first && (outline_->token(i - 1).is(".") || outline_->token(i - 1).is("->") || outline_->token(i - 1).is("::")))
    return;
  std::size_t next = i + 1;
  bool element = false;
  while (next < end && outline_->token(next).is("[") && outline_->token(next).match != kNone) {
    next = outline_->after(next);
    element = true;
  }
  bool declared = !first && (outline_->token(i - 1).kind == TokenKind::identifier || outline_->token(i - 1).is("*") ||
                             outline_->token(i - 1).is("&") || outline_->token(i - 1).is(">"));
  if (declared && numeric_type_before(i)) locals_[outline_->token(i).text].number = true;
  if (next >= end) return;
  const Token& after = outline_->token(next);
  if (after.is("=")) {
    write(i, element && !declared ? Write::Kind::append : Write::Kind::assign, to_statement_end(next + 1));
  } else if (after.is("+=")) {
    write(i, Write::Kind::append, to_statement_end(next + 1));
  } else if (after.is("<<") && !declared && (first || !outline_->token(i - 1).is("<<"))) {
    for (TokenRange part : outline_->split(to_statement_end(next + 1), "<<")) write(i, Write::Kind::append, part);
  } else if (declared && after.is(":") && next + 1 < end) {  // for (const char* name : table)
    write(i, Write::Kind::assign, to_statement_end(next + 1));
  } else if (declared) {
    read_declaration(i);
  } else if (!first && outline_->token(i - 1).is(">") && i >= 2 && outline_->token(i - 2).is(">")) {
    write(i, Write::Kind::unknown, {i, i + 1});  // std::cin >> name
  }
  if (after.is(".") && next + 2 < end && outline_->token(next + 2).is("(") &&
      outline_->token(next + 2).match != kNone) {
    TokenRange arguments{next + 3, outline_->token(next + 2).match};
    if (among(kAppends, outline_->token(next + 1).text)) write(i, Write::Kind::append, arguments);
    // text.append(…).append(…)
    for (std::size_t link = arguments.end + 1;
         link + 2 < end && outline_->token(link).is(".") && outline_->token(link + 2).is("(") &&
         outline_->token(link + 2).match != kNone && among(kAppends, outline_->token(link + 1).text);
         link = outline_->token(link + 2).match + 1)
      write(i, Write::Kind::append, {link + 3, outline_->token(link + 2).match});
    if (outline_->token(next + 1).names("assign")) write(i, Write::Kind::assign, arguments);
  }
}

// `Type name(value)`, `Type name{value}`, `Type name;`, and `in >> name`.
void Evaluator::read_declaration(std::size_t i) {
  const Token& after = outline_->token(i + 1);
  const Token& before = outline_->token(i - 1);
  if (before.is(">") && i >= 2 && outline_->token(i - 2).is(">")) {
    write(i, Write::Kind::unknown, {i, i + 1});
    return;
  }
  if (before.kind == TokenKind::identifier &&
      (before.text == "return" || before.text == "else" || before.text == "delete"))
    return;
  if (after.is("(") || after.is("{")) {
    if (after.match == kNone) return;
    if (after.match > i + 2)
      write(i, Write::Kind::assign, {i + 2, after.match});
    else
      locals_[outline_->token(i).text];
  } else if (after.is(";") || after.is("[") || after.is(",")) {
    locals_[outline_->token(i).text];
  }
}

void Evaluator::read_call(const Call& call) {
  auto target = [&](std::size_t argument) -> std::string {
    return argument < call.arguments.size() ? std::string(base(call.arguments[argument])) : "";
  };
  auto note = [&](const std::string& name, Write::Kind kind, TokenRange value) {
    if (!name.empty()) locals_[name].writes.push_back({kind, value, call.at});
  };
  TokenRange all{call.open + 1, call.close};
  if (call.arguments.empty()) return;
  std::size_t from = call.arguments[0].end + 1;
  if (call.name == "sprintf" || call.name == "asprintf") {
    note(target(0), Write::Kind::format, {from, call.close});
  } else if (call.name == "snprintf" && call.arguments.size() > 2) {
    note(target(0), Write::Kind::format, {call.arguments[1].end + 1, call.close});
  } else if (call.name == "format_to" || call.name == "format_to_n") {
    note(target(0), Write::Kind::unknown, all);
  } else if (among(kCopies, call.name) && call.arguments.size() > 1) {
    note(target(0), Write::Kind::assign, call.arguments[1]);
  } else if (among(kJoins, call.name) && call.arguments.size() > 1) {
    note(target(0), Write::Kind::append, call.arguments[1]);
  } else if (among(kReads, call.name)) {
    for (std::size_t n = 0; n < call.arguments.size(); ++n) note(target(n), Write::Kind::unknown, all);
  }
}

std::vector<TokenRange> Evaluator::assignments(std::string_view name) const {
  std::vector<TokenRange> values;
  auto found = locals_.find(name);
  if (found == locals_.end()) return values;
  for (const Write& write : found->second.writes) {
    if (write.kind == Write::Kind::assign) values.push_back(write.value);
  }
  return values;
}

TokenRange Evaluator::strip(TokenRange expression) const {
  while (!expression.empty()) {
    const Token& first = outline_->token(expression.begin);
    if (first.is("(") && first.match + 1 == expression.end) {
      expression = {expression.begin + 1, expression.end - 1};
    } else if (first.is("&") || first.is("*")) {
      ++expression.begin;
    } else if (first.is("(") && first.match != kNone && first.match + 1 < expression.end &&
               (outline_->token(first.match + 1).kind != TokenKind::punctuation ||
                (outline_->token(first.match - 1).is("*") && outline_->token(first.match + 1).is("(")))) {
      expression.begin = first.match + 1;  // a cast
    } else {
      break;
    }
  }
  return expression;
}

std::string_view Evaluator::base(TokenRange expression) const {
  expression = strip(expression);
  while (!expression.empty() && expression.begin + 1 < expression.end) {
    const Token& first = outline_->token(expression.begin);
    const Token& second = outline_->token(expression.begin + 1);
    if (first.names("const_cast") || first.names("static_cast") || first.names("reinterpret_cast")) {
      std::size_t i = expression.begin + 1;
      while (i < expression.end && !outline_->token(i).is("(")) ++i;
      if (i >= expression.end || outline_->token(i).match == kNone) return "";
      expression = strip({i + 1, outline_->token(i).match});
    } else if (first.names("std") && second.is("::")) {
      expression.begin += 2;
    } else {
      break;
    }
  }
  if (expression.empty() || outline_->token(expression.begin).kind != TokenKind::identifier) return "";
  if (expression.begin + 1 < expression.end &&
      (outline_->token(expression.begin + 1).is("(") || outline_->token(expression.begin + 1).is("::")))
    return "";
  return outline_->token(expression.begin).text;
}

Text Evaluator::unknown(TokenRange expression) const {
  std::string text;
  for (std::size_t i = expression.begin; i < expression.end && text.size() < 60; ++i) text += outline_->token(i).text;
  return Text{{Piece{Piece::Kind::unknown, std::move(text)}}};
}

Text Evaluator::text(TokenRange expression, int depth) {
  budget_ -= 1 + static_cast<int>(
                     std::min<std::size_t>(expression.empty() ? 0 : expression.end - expression.begin, 100000) / 8);
  if (depth > kMostDepth || budget_ < 0) return unknown({});
  expression = strip(expression);
  if (expression.empty()) return {};
  for (std::size_t i = expression.begin; i < expression.end; i = outline_->after(i)) {
    if (!outline_->token(i).is("?")) continue;
    std::vector<TokenRange> sides = outline_->split({i + 1, expression.end}, ":");
    if (sides.size() < 2) break;
    Text first = text(sides[0], depth + 1);
    Text second = text({sides[1].begin, expression.end}, depth + 1);
    return worse(first, second);
  }
  std::vector<TokenRange> operands = outline_->split(expression, "+");
  if (operands.size() > 1) {
    Text whole;
    for (TokenRange operand : operands) append(whole, text(operand, depth + 1));
    return whole;
  }
  return primary(expression, depth);
}

Text Evaluator::primary(TokenRange expression, int depth) {
  std::size_t i = expression.begin;
  const Token& first = outline_->token(i);
  if (first.kind == TokenKind::character)
    return expression.begin + 1 == expression.end ? constant_text(first.text) : unknown(expression);
  if (first.kind == TokenKind::number) return Text{{Piece{Piece::Kind::number, first.text}}};
  if (first.kind == TokenKind::string) {
    Text whole;
    for (; i < expression.end; ++i) {
      const Token& part = outline_->token(i);
      if (part.kind == TokenKind::string)
        append(whole, constant_text(part.text));
      else if (part.kind == TokenKind::identifier)
        append(whole, text(outline_->constant(part.text), depth + 1));
      else
        return unknown(expression);
      if (part.kind == TokenKind::identifier && outline_->constant(part.text).empty()) return unknown(expression);
    }
    return whole;
  }
  if (first.is("{"))
    return first.match + 1 == expression.end ? of_element({i + 1, first.match}, depth + 1) : unknown(expression);
  if (expression.begin + 1 == expression.end && (first.names("nullptr") || first.names("NULL"))) return {};
  if (first.is("(") && first.match != kNone && first.match < expression.end) {
    return with_links(text({i + 1, first.match}, depth + 1), first.match + 1, expression, depth);
  }
  if (first.is("::")) ++i;
  while (i + 2 < expression.end && outline_->token(i).kind == TokenKind::identifier && outline_->token(i + 1).is("::"))
    i += 2;
  if (i >= expression.end || outline_->token(i).kind != TokenKind::identifier) return unknown(expression);
  std::size_t name = i;
  std::size_t rest = i + 1;
  if (rest < expression.end && outline_->token(rest).is("<")) {  // static_cast<T>(…)
    while (rest < expression.end && !outline_->token(rest).is("(")) rest = outline_->after(rest);
  }
  Text value;
  bool called = rest < expression.end && (outline_->token(rest).is("(") || outline_->token(rest).is("{")) &&
                outline_->token(rest).match != kNone;
  if (called) {
    value = of_call(name, {rest + 1, outline_->token(rest).match}, depth);
    rest = outline_->after(rest);
  } else {
    value = name == expression.begin || outline_->constant(outline_->token(name).text).empty() == false
                ? of_variable(name, depth)
                : unknown(expression);
  }
  return with_links(std::move(value), rest, expression, depth);
}

// What follows a value: `.c_str()`, `[0]`, `/ "name"`.
Text Evaluator::with_links(Text value, std::size_t rest, TokenRange expression, int depth) {
  while (rest < expression.end) {
    const Token& link = outline_->token(rest);
    if (link.is("[")) {
      rest = outline_->after(rest);
    } else if ((link.is(".") || link.is("->")) && rest + 2 < expression.end && outline_->token(rest + 2).is("(") &&
               among(kSameText, outline_->token(rest + 1).text)) {
      rest = outline_->after(rest + 2);
    } else if (link.is(".") && rest + 1 < expression.end && value.constant() &&
               outline_->token(rest + 1).kind == TokenKind::identifier && from_table(expression.begin)) {
      value = {};  // one of several constants
      rest += 2;
    } else if (link.is("/") && rest + 1 < expression.end) {  // std::filesystem::path
      append(value, constant_text("/"));
      append(value, text({rest + 1, expression.end}, depth + 1));
      return value;
    } else {
      return unknown(expression);
    }
  }
  return value;
}

Text Evaluator::of_call(std::size_t name, TokenRange arguments, int depth) {
  const std::string& called = outline_->token(name).text;
  std::string_view qualifier = name >= 2 && outline_->token(name - 1).is("::")
                                   ? std::string_view(outline_->token(name - 2).text)
                                   : std::string_view();
  std::vector<TokenRange> parts = outline_->split(arguments);
  if (quotes_for_shell(called, qualifier)) return Text{{Piece{Piece::Kind::quoted, ""}}};
  if (called == "to_string") return Text{{Piece{Piece::Kind::number, ""}}};
  if (called == "Shell" && !parts.empty()) {
    Text whole = text(parts[0], depth + 1);
    if (parts.size() > 1) whole.pieces.push_back({Piece::Kind::quoted, ""});
    return whole;
  }
  if (called == "temp_directory_path") return constant_text("/tmp");
  if (called == "getpid" || called == "getuid" || called == "rand" || called == "time")
    return Text{{Piece{Piece::Kind::number, ""}}};
  if (among(kPassing, called) && parts.size() == 1) return text(parts[0], depth + 1);
  if (among(kBracedFormats, called) || among(kPrintFormats, called)) {
    bool localised = !parts.empty() && parts.size() > 1 && outline_->token(parts[0].begin).kind != TokenKind::string;
    return formatted(parts, localised ? 1 : 0, depth);
  }
  if (among(kConcatenations, called)) {
    Text whole;
    for (TokenRange part : parts) append(whole, text(part, depth + 1));
    return whole;
  }
  if (parts.empty() && depth == 0) return unknown({name, name + 1});
  return unknown({name, name + 1});
}

// format("…{}…", a) and printf("…%s…", a): the constant parts, and each argument in its place.
Text Evaluator::formatted(const std::vector<TokenRange>& arguments, std::size_t format_at, int depth) {
  if (format_at >= arguments.size()) return unknown({});
  auto format = text(arguments[format_at], depth + 1).constant();
  if (!format) return unknown(arguments[format_at]);
  Text whole;
  std::string run;
  std::size_t next = format_at + 1;
  auto place = [&](bool number) {
    append(whole, constant_text(std::move(run)));
    run.clear();
    if (number)
      append(whole, Text{{Piece{Piece::Kind::number, ""}}});
    else
      append(whole, next < arguments.size() ? text(arguments[next], depth + 1) : unknown({}));
    ++next;
  };
  for (std::size_t i = 0; i < format->size(); ++i) {
    char c = (*format)[i];
    if ((c == '{' || c == '%') && i + 1 < format->size() && (*format)[i + 1] == c) {
      run += c;
      ++i;
    } else if (c == '{' && format->find('}', i) != std::string::npos) {
      i = format->find('}', i);
      place(false);
    } else if (c == '%') {
      std::size_t end = format->find_first_of("diouxXeEfFgGaAcspn", i + 1);
      if (end == std::string::npos) break;
      i = end;
      place((*format)[end] != 's' && (*format)[end] != 'c' && (*format)[end] != 'n');
    } else {
      run += c;
    }
  }
  append(whole, constant_text(std::move(run)));
  return whole;
}

// Whether a name is a constant of the file, or one after the other of such a table's rows.
bool Evaluator::from_table(std::size_t name) const {
  auto found = locals_.find(outline_->token(name).text);
  if (found == locals_.end()) return !outline_->constant(outline_->token(name).text).empty();
  const std::vector<Write>& writes = found->second.writes;
  return writes.size() == 1 && outline_->token(writes[0].at + 1).is(":") &&
         !outline_->constant(outline_->token(writes[0].value.begin).text).empty();
}

// One of a list, nobody knows which: the one of which least is known.
Text Evaluator::of_element(TokenRange list, int depth) {
  Text whole;
  bool first = true;
  for (TokenRange element : outline_->split(list)) {
    Text value = text(element, depth + 1);
    whole = first ? value : worse(whole, value);
    first = false;
  }
  return whole;
}

bool Evaluator::dominates(std::size_t from, std::size_t at) const {
  // The beginning of its statement; a branch without braces may be left out.
  std::size_t i = from;
  while (i > region_->body.begin) {
    const Token& before = outline_->token(i - 1);
    if (before.is(";") || before.is("{") || before.is("}")) break;
    if (before.names("else") || before.is("?") || before.is("&&") || before.is("||") || before.names("case"))
      return false;
    if (before.is(")") && before.match != kNone && before.match > region_->body.begin) {
      const Token& word = outline_->token(before.match - 1);
      if (word.names("if") || word.names("for") || word.names("while") || word.names("switch")) return false;
    }
    i = (before.is(")") || before.is("]")) && before.match != kNone ? before.match : i - 1;
  }
  // From there forward, to the use or to the end of the block around it.
  for (int steps = 0; i < at && steps < kMostSteps; ++steps) {
    const Token& token = outline_->token(i);
    if (token.is("}") || token.names("case") || token.names("default") || token.names("goto")) return false;
    bool holds_use = token.match != kNone && token.match > at;
    i = holds_use ? i + 1 : outline_->after(i);
  }
  return i >= at;
}

std::pair<std::size_t, std::size_t> Evaluator::reaching(const Variable& variable, std::size_t at) const {
  const std::vector<Write>& writes = variable.writes;
  for (std::size_t n = std::min<std::size_t>(writes.size(), kMostPieces); n > 0; --n) {
    const Write& write = writes[n - 1];
    bool replaces =
        write.kind != Write::Kind::append && write.at < at && write.value.begin <= at && write.value.end <= at;
    if (!replaces || !dominates(write.at, at)) continue;
    // Those after the use come round only in a loop that the replacement is not in: then all count.
    std::size_t stop = n;
    while (stop < writes.size() && writes[stop].at < at) ++stop;
    std::size_t open = at;
    bool loop = false;
    for (int steps = 0; open > write.at && steps < kMostSteps; ++steps, --open) {
      const Token& token = outline_->token(open);
      loop |= token.names("for") || token.names("while") || token.names("do");
    }
    return {n - 1, loop ? writes.size() : stop};
  }
  return {0, writes.size()};
}

Text Evaluator::of_variable(std::size_t at, int depth) {
  std::string_view name = outline_->token(at).text;
  auto found = locals_.find(name);
  if (found == locals_.end()) {
    TokenRange value = outline_->constant(name);
    return value.empty() ? Text{{Piece{Piece::Kind::unknown, std::string(name)}}} : text(value, depth + 1);
  }
  Variable& variable = found->second;
  if (variable.busy) return {};  // itself, within its own value
  if (variable.number) return Text{{Piece{Piece::Kind::number, ""}}};
  auto [begin, end] = reaching(variable, at);
  if (auto known = variable.texts.find({begin, end}); known != variable.texts.end()) return known->second;
  Text whole;
  bool assigned = false;
  variable.busy = true;
  for (std::size_t n = begin; n < end; ++n) {
    const Write& write = variable.writes[n];
    if (write.kind == Write::Kind::unknown) {
      whole = unknown({});
      whole.pieces[0].text = name;
      assigned = true;
      break;
    }
    Text value = write.kind == Write::Kind::format ? formatted(outline_->split(write.value), 0, depth + 1)
                                                   : text(write.value, depth + 1);
    if (write.kind == Write::Kind::append) {
      append(whole, value);
    } else {
      whole = assigned ? worse(whole, value) : value;
    }
    assigned = true;
  }
  variable.busy = false;
  if (!assigned) whole = Text{{Piece{Piece::Kind::unknown, std::string(name)}}};
  // Only then is nothing of it left out because it was busy further up.
  if (depth == 0) variable.texts[{begin, end}] = whole;
  return whole;
}

}  // namespace cohort::scan
