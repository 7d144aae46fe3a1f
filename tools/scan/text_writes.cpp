// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What is written to the variables of a function, and where: the first half of Evaluator.
#include <algorithm>

#include "scan/callees.hpp"
#include "scan/text_value.hpp"

namespace cohort::scan {

namespace {

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kNumericTypes[] = {"int",      "long",      "short",     "unsigned", "signed",   "size_t",
                                              "ssize_t",  "pid_t",     "uid_t",     "gid_t",    "mode_t",   "off_t",
                                              "time_t",   "double",    "float",     "bool",     "int8_t",   "int16_t",
                                              "int32_t",  "int64_t",   "uint8_t",   "uint16_t", "uint32_t", "uint64_t",
                                              "intptr_t", "uintptr_t", "ptrdiff_t", "in_port_t"};
// dest, …: what they write into their first argument.
constexpr std::string_view kCopies[] = {"strcpy", "strncpy", "stpcpy", "strlcpy", "memcpy", "memmove", "stpncpy"};
constexpr std::string_view kJoins[] = {"strcat", "strncat", "strlcat"};
constexpr std::string_view kReads[] = {"getline",
                                       "fgets",
                                       "gets",
                                       "read",
                                       "recv",
                                       "recvfrom",
                                       "fread",
                                       "scanf",
                                       "fscanf",
                                       "sscanf",
                                       "getdelim",
                                       "gethostname",
                                       "getcwd",
                                       "readlink",
                                       "vsnprintf",
                                       "vsprintf",
                                       "mkstemp",
                                       "mkdtemp",
                                       "mkostemp",
                                       "realpath",
                                       "get_line",
                                       "swap",
                                       "back_inserter",
                                       "exchange",
                                       "pread",
                                       "recvmsg",
                                       "vasprintf",
                                       "fgetws",
                                       "ostream_iterator"};
constexpr std::string_view kAppends[] = {"append",     "push_back",     "emplace_back", "insert",           "replace",
                                         "operator+=", "emplace",       "try_emplace",  "insert_or_assign", "push",
                                         "push_front", "emplace_front", "assign"};
// What they give points into their first argument.
constexpr std::string_view kPointersInto[] = {"strchr",  "strrchr", "strstr", "strcpy", "stpcpy",
                                              "stpncpy", "mempcpy", "memchr", "next",   "strpbrk"};

}  // namespace

bool is_numeric_type(std::string_view name) { return among(kNumericTypes, name); }

Evaluator::Evaluator(const Outline& outline, const Region& region, Callees& callees)
    : outline_(&outline), region_(&region), callees_(&callees) {
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
    std::string& written = written_parameters_.emplace_back();
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
    if (variable.number) continue;
    variable.writes.push_back({Write::Kind::unknown, {end - 1, end}, end - 1});
    bool through = false;
    bool constant = false;
    for (std::size_t i = parameter.begin; i < parameter.end; ++i) {
      through |= outline_->token(i).is("&") || outline_->token(i).is("*") || outline_->token(i).is("[");
      constant |= outline_->token(i).names("const");
    }
    if (through && !constant) written = name;
  }
}

void Evaluator::read_body() {
  for (std::size_t i = region_->body.begin; i < region_->body.end; ++i) {
    if (outline_->token(i).kind == TokenKind::identifier) read_write(i);
  }
  for (const Call& call : outline_->calls(*region_)) read_call(call);
  read_pointers();
  for (auto& [name, variable] : locals_)
    std::stable_sort(variable.writes.begin(), variable.writes.end(),
                     [](const Write& a, const Write& b) { return a.at < b.at; });
}

TokenRange Evaluator::to_statement_end(std::size_t begin) const {
  std::size_t i = begin;
  for (int steps = 0; i < region_->body.end && steps < kMostStatement; ++steps) {
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
    write(i, Write::Kind::character, to_statement_end(next + 1));
  } else if (after.is("<<") && !declared && (first || !outline_->token(i - 1).is("<<"))) {
    for (TokenRange part : outline_->split(to_statement_end(next + 1), "<<")) write(i, Write::Kind::append, part);
  } else if (declared && after.is(":") && next + 1 < end) {  // for (const char* name : table)
    write(i, Write::Kind::assign, to_statement_end(next + 1));
  } else if (declared) {
    read_declaration(i);
  } else if (!first && outline_->token(i - 1).is(">") && i >= 2 && outline_->token(i - 2).is(">")) {
    write(i, Write::Kind::unknown, {i, i + 1});  // std::cin >> name
  }
  if (after.is(".") || after.is("->")) read_member(i, next);
  if (!first && after.is(")") && outline_->token(i - 1).is("*") && i >= 2 && outline_->token(i - 2).is("(") &&
      outline_->token(next + 1).is("(") && outline_->token(next + 1).match != kNone) {  // int (*name)(…) = value
    std::size_t assignment = outline_->after(next + 1);
    if (outline_->token(assignment).is("=")) write(i, Write::Kind::assign, to_statement_end(assignment + 1));
  }
  if (outline_->token(i).names("auto")) read_names(i);
}

// `auto& [name, command] : table`, `auto [name, command] = *entry`
void Evaluator::read_names(std::size_t i) {
  std::size_t open = i + 1;
  while (outline_->token(open).is("&") || outline_->token(open).is("&&")) ++open;
  std::size_t close = outline_->token(open).match;
  if (!outline_->token(open).is("[") || close == kNone || close + 2 >= region_->body.end) return;
  if (!outline_->token(close + 1).is(":") && !outline_->token(close + 1).is("=")) return;
  TokenRange value = to_statement_end(close + 2);
  for (std::size_t name = open + 1; name < close; name += 2) {
    if (outline_->token(name).kind == TokenKind::identifier) write(name, Write::Kind::assign, value);
  }
}

// name.append(…).append(…), name->push_back(…), name.field = …
void Evaluator::read_member(std::size_t name, std::size_t next) {
  auto is_link = [&](std::size_t i) { return outline_->token(i).is(".") || outline_->token(i).is("->"); };
  auto is_called = [&](std::size_t i) {
    return outline_->token(i + 2).is("(") && outline_->token(i + 2).match != kNone;
  };
  std::size_t end = region_->body.end;
  // The fields on the way.
  while (next + 2 < end && is_link(next) && !is_called(next)) {
    std::size_t after = next + 2;
    while (after < end && outline_->token(after).is("[") && outline_->token(after).match != kNone)
      after = outline_->after(after);
    const Token& sign = outline_->token(after);
    if (after < end && (sign.is("=") || sign.is("+=") || sign.is("<<")))
      write(name, Write::Kind::append, to_statement_end(after + 1));
    next = after;
  }
  for (std::size_t link = next; link + 2 < end && is_link(link) && is_called(link);) {
    TokenRange arguments{link + 3, outline_->token(link + 2).match};
    const std::string& called = outline_->token(link + 1).text;
    if (called == "assign" && link == next && outline_->split(arguments).size() == 1) {
      write(name, Write::Kind::assign, arguments);
    } else if (among(kAppends, called)) {
      bool character = called == "push_back";
      for (TokenRange part : outline_->split(arguments))
        write(name, character ? Write::Kind::character : Write::Kind::append, part);
    } else {
      break;
    }
    link = arguments.end + 1;
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
    if (after.match > i + 2)  // braces: one of a list
      write(i, Write::Kind::assign,
            after.is("(") ? TokenRange{i + 2, after.match} : TokenRange{i + 1, after.match + 1});
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
  } else if (!call.member && call.qualifier.empty()) {
    read_other_call(call);
  }
}

// A function of the file, or of another one: what does it write through the references and addresses that it is given?
void Evaluator::read_other_call(const Call& call) {
  bool of_file = callees_->has(call.name);
  for (std::size_t n = 0; n < call.arguments.size(); ++n) {
    TokenRange given = call.arguments[n];
    bool address = given.end == given.begin + 2 && outline_->token(given.begin).is("&");
    if (!address && given.end != given.begin + 1) continue;
    auto found = locals_.find(outline_->token(given.end - 1).text);
    if (found == locals_.end() || found->second.number || outline_->token(given.end - 1).kind != TokenKind::identifier)
      continue;
    if (!of_file) {
      if (address) found->second.writes.push_back({Write::Kind::unknown, given, call.at});
      continue;
    }
    if (auto text = callees_->written(call.name, n))
      found->second.writes.push_back({Write::Kind::given, given, call.at, std::move(*text)});
  }
}

// char* end = buffer + n: what is written there is written to the buffer.
void Evaluator::read_pointers() {
  std::vector<std::pair<std::string, Write>> more;
  for (auto& [name, variable] : locals_) {
    for (const Write& made : variable.writes) {
      if (made.kind != Write::Kind::assign || made.value.empty() || outline_->token(made.at).text != name) continue;
      const Token& before = outline_->token(made.at - 1);
      if (made.at == 0 || (!before.is("*") && !before.names("auto"))) continue;
      std::size_t call = made.value.begin + (outline_->token(made.value.begin + 1).is("::") ? 2 : 0);
      bool into = among(kPointersInto, outline_->token(call).text) && outline_->token(call + 1).is("(");
      std::string target(base(into ? TokenRange{call + 2, outline_->token(call + 1).match} : made.value));
      if (target.empty() || target == name || !locals_.contains(target)) continue;
      for (const Write& write : variable.writes) {
        bool elsewhere = outline_->token(write.at).text != name || outline_->token(write.at + 1).is("[") ||
                         (write.at > made.at && outline_->token(write.at - 1).is("*"));
        if (!elsewhere || write.kind == Write::Kind::given) continue;
        more.emplace_back(target, write);
        if (write.kind == Write::Kind::assign) more.back().second.kind = Write::Kind::append;
        if (write.kind == Write::Kind::format) more.back().second.kind = Write::Kind::unknown;
      }
      break;
    }
  }
  for (auto& [target, write] : more) locals_[target].writes.push_back(std::move(write));
}

}  // namespace cohort::scan
