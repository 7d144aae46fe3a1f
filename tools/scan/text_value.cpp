// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/text_value.hpp"

#include <algorithm>
#include <array>

#include "scan/callees.hpp"

namespace cohort::scan {

namespace {

constexpr std::string_view kArithmetic = "*/%-<<>>&|^";
constexpr int kMostDepth = 40;
constexpr std::size_t kMostPieces = 64;

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

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
constexpr std::string_view kNumberFunctions[] = {
    "stoi",   "stol",      "stoul",  "stoll",   "stoull",  "stof",    "stod",     "atoi",
    "atol",   "atoll",     "atof",   "strtol",  "strtoul", "strtoll", "strtoull", "strtod",
    "strlen", "to_string", "getpid", "getppid", "getuid",  "geteuid", "getgid",   "getegid",
    "rand",   "random",    "time",   "fileno",  "lround",  "round",   "floor",    "ceil"};
constexpr std::string_view kNumberMembers[] = {"size", "length", "count", "capacity", "pid", "index", "fd", "fileno"};
constexpr std::string_view kManipulators[] = {"hex",      "dec",   "oct",      "fixed",     "scientific",
                                              "left",     "right", "internal", "boolalpha", "uppercase",
                                              "showbase", "endl",  "flush",    "ends"};
constexpr std::string_view kManipulatorCalls[] = {"setw", "setprecision", "setbase"};
// Of a container of constants they give constants.
constexpr std::string_view kElements[] = {"find",  "at",  "front",  "back",        "begin",      "cbegin",
                                          "value", "top", "substr", "lower_bound", "equal_range"};
constexpr std::string_view kConcatenations[] = {"StrCat", "concat", "Concat"};
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

// A number that is not known.
bool is_number(const Text& text) {
  return text.pieces.size() == 1 && text.pieces[0].kind == Piece::Kind::number && text.pieces[0].text.empty();
}

Text constant_text(std::string value) { return Text{{Piece{Piece::Kind::constant, std::move(value)}}}; }

}  // namespace

const Text& less_known(const Text& a, const Text& b) {
  if (!a.known()) return a;
  if (!b.known()) return b;
  if (!a.safe_for_shell()) return a;
  // A buffer starts empty.
  if (a.prefix().empty()) return b;
  if (!b.safe_for_shell()) return b;
  // Of two formats the one that takes more arguments.
  auto places = [](const Text& text) {
    const std::string prefix = text.prefix();
    return std::count_if(prefix.begin(), prefix.end(), [](char c) { return c == '%' || c == '{'; });
  };
  return places(b) > places(a) ? b : a;
}

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
  const Token& bracket = outline_->token(expression.begin);
  if (!expression.empty() && bracket.is("(") && bracket.match != kNone && bracket.match + 1 < expression.end &&
      is_numeric_type(outline_->token(bracket.match - 1).text) &&
      outline_->token(bracket.match + 1).kind != TokenKind::punctuation)
    return Text{{Piece{Piece::Kind::number, ""}}};  // (int)value
  expression = strip(expression);
  if (expression.empty()) return {};
  for (std::size_t i = expression.begin; i < expression.end; i = outline_->after(i)) {
    if (!outline_->token(i).is("?")) continue;
    std::vector<TokenRange> sides = outline_->split({i + 1, expression.end}, ":");
    if (sides.size() < 2) break;
    Text first = text(sides[0], depth + 1);
    Text second = text({sides[1].begin, expression.end}, depth + 1);
    return less_known(first, second);
  }
  std::vector<TokenRange> operands = outline_->split(expression, "+");
  if (operands.size() > 1) {
    Text whole;
    for (TokenRange operand : operands) append(whole, text(operand, depth + 1));
    return whole;
  }
  return primary(expression, depth);
}

// Literals one after the other, and macros for such between them.
Text Evaluator::of_strings(TokenRange expression, int depth) {
  Text whole;
  for (std::size_t i = expression.begin; i < expression.end; ++i) {
    const Token& part = outline_->token(i);
    if (part.kind == TokenKind::string) {
      append(whole, constant_text(part.text));
    } else if (part.kind == TokenKind::identifier && part.text.starts_with("PRI")) {  // <cinttypes>
      append(whole, constant_text("d"));
    } else if (part.kind == TokenKind::identifier && !outline_->constant(part.text).empty()) {
      append(whole, text(outline_->constant(part.text), depth + 1));
    } else {
      return unknown(expression);
    }
  }
  return whole;
}

Text Evaluator::primary(TokenRange expression, int depth) {
  std::size_t i = expression.begin;
  const Token& first = outline_->token(i);
  if (first.kind == TokenKind::character)
    return expression.begin + 1 == expression.end ? constant_text(first.text) : unknown(expression);
  if (first.kind == TokenKind::number) return Text{{Piece{Piece::Kind::number, first.text}}};
  if (first.kind == TokenKind::string || (first.kind == TokenKind::identifier && i + 1 < expression.end &&
                                          outline_->token(i + 1).kind == TokenKind::string))
    return of_strings(expression, depth);
  if (first.is("-") || first.is("!") || first.is("~") || first.names("sizeof"))
    return Text{{Piece{Piece::Kind::number, ""}}};
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
    if (outline_->token(name).names("static_cast") && rest < expression.end && outline_->token(rest).match != kNone) {
      const std::string& type = outline_->token(rest - 2).text;
      Text inner = text({rest + 1, outline_->token(rest).match}, depth + 1);
      if (is_numeric_type(type)) inner = Text{{Piece{Piece::Kind::number, ""}}};
      // The character of a code is any.
      if (type == "char" && is_number(inner)) inner = unknown(expression);
      return with_links(std::move(inner), outline_->after(rest), expression, depth);
    }
  }
  if (among(kManipulators, outline_->token(name).text) && rest == expression.end &&
      !is_local(outline_->token(name).text))
    return {};
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

// `.find(key)`, `->second`, `.field` of a container or table of constants, `.value_or(other)`, `.size()`.
bool Evaluator::follow_member(Text& value, std::size_t& rest, TokenRange expression, int depth) {
  const std::string& member = outline_->token(rest + 1).text;
  bool constant = value.constant().has_value();
  const Token& open = outline_->token(rest + 2);
  if (rest + 2 < expression.end && open.is("(") && open.match != kNone) {
    if (among(kNumberMembers, member)) {
      value = Text{{Piece{Piece::Kind::number, ""}}};
    } else if (member == "value_or") {
      Text other = text({rest + 3, open.match}, depth + 1);
      value = less_known(value, other);
    } else if (among(kElements, member) && constant) {
      value = {};
    } else {
      return false;
    }
    rest = open.match + 1;
    return true;
  }
  bool pair = member == "second" || member == "first";
  if (!constant || (!pair && !from_table(expression.begin))) return false;
  value = {};  // one of several constants
  rest += 2;
  return true;
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
    } else if ((link.is(".") || link.is("->")) && rest + 1 < expression.end &&
               outline_->token(rest + 1).kind == TokenKind::identifier) {
      if (!follow_member(value, rest, expression, depth)) return unknown(expression);
    } else if (is_number(value) && link.kind == TokenKind::punctuation &&
               kArithmetic.find(link.text) != std::string_view::npos) {
      return value;
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
  if (called == "Shell" && !parts.empty()) {
    Text whole = text(parts[0], depth + 1);
    if (parts.size() > 1) whole.pieces.push_back({Piece::Kind::quoted, ""});
    return whole;
  }
  if (called == "temp_directory_path") return constant_text("/tmp");
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
  bool qualified = !qualifier.empty();
  if (!qualified && !is_local(called)) {
    if (auto text = callees_->returned(called)) return *text;
  }
  if (among(kNumberFunctions, called) || is_numeric_type(called)) return Text{{Piece{Piece::Kind::number, ""}}};
  if (among(kManipulatorCalls, called)) return {};
  if (called == "setfill" && parts.size() == 1) return text(parts[0], depth + 1);
  return unknown({name, name + 1});
}

// format("…{}…", a) and printf("…%s…", a): the constant parts, and each argument in its place.
Text Evaluator::formatted(const std::vector<TokenRange>& arguments, std::size_t format_at, int depth) {
  if (format_at >= arguments.size()) return unknown({});
  auto format = text(arguments[format_at], depth + 1).constant();
  if (!format) return unknown(arguments[format_at]);
  Text whole;
  if (format->empty()) {  // one of several constants: it may place them all
    for (std::size_t n = format_at + 1; n < arguments.size(); ++n) append(whole, text(arguments[n], depth + 1));
    return whole;
  }
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
  auto is_list = [&](const Write& write) {
    return write.kind == Write::Kind::assign && outline_->token(write.value.begin).is("{");
  };
  if (std::any_of(writes.begin(), writes.end(), is_list))
    return std::all_of(writes.begin(), writes.end(),
                       [&](const Write& write) { return is_list(write) || write.adds(); });
  if (writes.size() != 1 || !outline_->token(writes[0].at + 1).is(":")) return false;
  std::size_t table = writes[0].value.begin;
  return table != name && outline_->token(table).kind == TokenKind::identifier && writes[0].value.end == table + 1 &&
         outline_->token(table).text != outline_->token(name).text && from_table(table);
}

// One of a list, nobody knows which: the one of which least is known.
Text Evaluator::of_element(TokenRange list, int depth) {
  Text whole;
  bool first = true;
  for (TokenRange element : outline_->split(list)) {
    Text value = text(element, depth + 1);
    whole = first ? value : less_known(whole, value);
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
  for (int steps = 0; i < at && steps < kMostStatement; ++steps) {
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
    bool replaces = !write.adds() && write.at < at && write.value.begin <= at && write.value.end <= at;
    if (!replaces || !dominates(write.at, at)) continue;
    // Those after the use come round only in a loop that the replacement is not in: then all count.
    std::size_t stop = n;
    while (stop < writes.size() && writes[stop].at < at) ++stop;
    std::size_t open = at;
    bool loop = false;
    for (int steps = 0; open > write.at && steps < kMostStatement; ++steps, --open) {
      const Token& token = outline_->token(open);
      loop |= token.names("for") || token.names("while") || token.names("do");
    }
    return {n - 1, loop ? writes.size() : stop};
  }
  return {0, writes.size()};
}

Text Evaluator::of_write(const Write& write, int depth) {
  switch (write.kind) {
    case Write::Kind::format: return formatted(outline_->split(write.value), 0, depth + 1);
    case Write::Kind::given: return write.text;
    case Write::Kind::unknown: return unknown(write.value);
    case Write::Kind::character: {
      Text value = text(write.value, depth + 1);
      bool name = write.value.end == write.value.begin + 1;
      return name && is_number(value) ? unknown(write.value) : value;
    }
    default: return text(write.value, depth + 1);
  }
}

std::map<std::size_t, Text> Evaluator::written() {
  std::map<std::size_t, Text> texts;
  for (std::size_t n = 0; n < written_parameters_.size(); ++n) {
    auto found = locals_.find(written_parameters_[n]);
    if (written_parameters_[n].empty() || found == locals_.end()) continue;
    Text whole;
    bool any = false;
    for (const Write& write : found->second.writes) {
      if (write.at < region_->body.begin) continue;  // what the caller gave
      append(whole, of_write(write, 0));
      any = true;
    }
    if (any) texts.emplace(n, std::move(whole));
  }
  return texts;
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
    Text value = of_write(write, depth);
    if (write.adds()) {
      append(whole, value);
    } else {
      whole = assigned ? less_known(whole, value) : value;
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
