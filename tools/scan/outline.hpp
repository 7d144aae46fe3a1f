// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The outline of a C++ file: its function bodies, its constants, and which names it declares for itself.
//
// No types are known, and templates, macros and overloads are not resolved: the outline tells a call from a declaration
// by what stands before the name, and a function of the file's own by its scope.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scan/lexer.hpp"

namespace cohort::scan {

/// Tokens from begin up to, not including, end.
struct TokenRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] bool empty() const { return begin >= end; }
};

/// A stretch of text that is looked at as a whole: a function's parameters and body, an initializer, a macro's body.
struct Region {
  std::string name;
  TokenRange parameters;
  TokenRange body;
  /// The names of the namespaces and classes around it, those of a qualified name included.
  std::vector<std::string> scopes;
};

struct Call {
  std::string name;
  /// What stands before the name: "std", "cohort::subprocess"; "::" for the global scope; "" for nothing.
  std::string qualifier;
  /// After `.` or `->`.
  bool member = false;
  /// Of the name, and of the brackets.
  std::size_t at = 0;
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<TokenRange> arguments;
};

class Outline {
 public:
  explicit Outline(const TokenizedSource& source);

  [[nodiscard]] const TokenizedSource& source() const { return *source_; }
  /// Beyond the last one there is an empty token.
  [[nodiscard]] const Token& token(std::size_t i) const {
    static const Token kNoToken;
    return i < source_->tokens.size() ? source_->tokens[i] : kNoToken;
  }
  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }

  /// The value of a constant of the file, or of a macro that stands for one; an empty range where there is none.
  [[nodiscard]] TokenRange constant(std::string_view name) const;
  /// The macro with arguments of this name, if the file calls it; nullptr otherwise.
  [[nodiscard]] const Macro* called_macro(std::string_view name) const;
  /// Whether the file, in one of the region's scopes, has a function of its own of this name.
  [[nodiscard]] bool declares(std::string_view name, const Region& region) const;
  /// The calls within a region, in order; declarations are none.
  [[nodiscard]] std::vector<Call> calls(const Region& region) const;
  /// The parts of a range between commas; brackets keep theirs.
  [[nodiscard]] std::vector<TokenRange> split(TokenRange range, std::string_view separator = ",") const;
  /// Whether the identifier at `i` is followed by a bracket and is called there.
  [[nodiscard]] bool is_call(std::size_t i, TokenRange body) const;
  /// Just after what belongs to the bracket at `i`; i + 1 for other tokens.
  [[nodiscard]] std::size_t after(std::size_t i) const;

 private:
  struct Scope {
    std::string name;
    std::size_t end = 0;
  };

  void read_declarations();
  std::size_t read_brace(std::size_t head, std::size_t brace);
  void end_statement(std::size_t head, std::size_t end);
  void add_function(std::size_t name, std::size_t parameters, TokenRange body);
  void note_declared(std::size_t name, bool has_body);
  void note_constant(std::size_t head, std::size_t end);
  [[nodiscard]] bool head_has(std::size_t head, std::size_t end, std::string_view word) const;
  [[nodiscard]] std::size_t find_parameters(std::size_t head, std::size_t end) const;
  [[nodiscard]] std::size_t find_assignment(std::size_t head, std::size_t end) const;
  [[nodiscard]] bool opens_class(std::size_t head, std::size_t brace) const;
  [[nodiscard]] std::size_t skip_template(std::size_t head, std::size_t end) const;
  [[nodiscard]] std::vector<std::string> scope_names() const;
  [[nodiscard]] const std::string& function_name(std::size_t i) const;
  [[nodiscard]] std::string qualifier(std::size_t name, bool& member) const;

  const TokenizedSource* source_;
  std::vector<Scope> scopes_;
  std::vector<Region> regions_;
  std::map<std::string, TokenRange, std::less<>> constants_;
  std::map<std::string, TokenRange, std::less<>> macros_;
  // Those with arguments that are called outside of other macros.
  std::map<std::string, const Macro*, std::less<>> called_macros_;
  // (scope, name); scope "" is the global one.
  std::set<std::pair<std::string, std::string>, std::less<>> declared_;
};

}  // namespace cohort::scan
