// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What text an expression may have: which parts are constant, quoted for a shell, numbers, or unknown.
//
// Within one function. A variable has everything that is assigned or appended to it, but for what a later assignment, which every way
// to the use passes, has replaced.
// What a parameter, a member or another function gives is unknown. A reference that another function keeps and writes
// through is not seen.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scan/outline.hpp"

namespace cohort::scan {

struct Piece {
  enum class Kind : std::uint8_t { constant, quoted, number, unknown };
  Kind kind = Kind::unknown;
  /// The characters, of a constant; the expression, of what is unknown.
  std::string text;
};

/// Pieces of text, one after the other. None at all is the empty text.
struct Text {
  std::vector<Piece> pieces;

  [[nodiscard]] bool known() const;
  /// Known, and nothing in it can end the word that it stands in, for a shell: quoted pieces stand outside of quotes.
  [[nodiscard]] bool safe_for_shell() const;
  /// The characters before the first piece that is not constant.
  [[nodiscard]] std::string prefix() const;
  /// All of it, if all is constant.
  [[nodiscard]] std::optional<std::string> constant() const;
};

class Evaluator {
 public:
  Evaluator(const Outline& outline, const Region& region);

  /// The text of an expression; of several alternatives the one that is least known.
  [[nodiscard]] Text text(TokenRange expression) { return text(expression, 0); }

  /// The name that an expression is about: `cmd` in `cmd.c_str()`, `&cmd[0]`, `cmd + n`; "" where there is none.
  [[nodiscard]] std::string_view base(TokenRange expression) const;
  /// Whether the region declares a variable or parameter of this name.
  [[nodiscard]] bool is_local(std::string_view name) const { return locals_.contains(name); }
  [[nodiscard]] bool is_parameter(std::string_view name) const { return parameters_.contains(name); }
  /// What is assigned to a variable, in order.
  [[nodiscard]] std::vector<TokenRange> assignments(std::string_view name) const;

 private:
  struct Write {
    enum class Kind : std::uint8_t { assign, append, format, unknown };
    Kind kind = Kind::assign;
    TokenRange value;
    /// The token that is written to.
    std::size_t at = 0;
  };
  struct Variable {
    std::vector<Write> writes;
    bool number = false;
    bool busy = false;
    /// By the writes that reach.
    std::map<std::pair<std::size_t, std::size_t>, Text> texts;
  };

  void read_parameters();
  void read_body();
  void read_write(std::size_t i);
  void read_declaration(std::size_t i);
  void read_call(const Call& call);
  void write(std::size_t name, Write::Kind kind, TokenRange value);
  [[nodiscard]] TokenRange to_statement_end(std::size_t begin) const;
  [[nodiscard]] bool numeric_type_before(std::size_t name) const;

  Text text(TokenRange expression, int depth);
  Text primary(TokenRange expression, int depth);
  Text with_links(Text value, std::size_t rest, TokenRange expression, int depth);
  Text of_call(std::size_t name, TokenRange arguments, int depth);
  Text of_variable(std::size_t at, int depth);
  [[nodiscard]] bool from_table(std::size_t name) const;
  Text of_element(TokenRange list, int depth);
  /// The first of the writes that can reach token `at`, and the end of those that can.
  [[nodiscard]] std::pair<std::size_t, std::size_t> reaching(const Variable& variable, std::size_t at) const;
  /// Whether every way to token `at` passes the statement of token `from` last.
  [[nodiscard]] bool dominates(std::size_t from, std::size_t at) const;
  Text formatted(const std::vector<TokenRange>& arguments, std::size_t format_at, int depth);
  Text unknown(TokenRange expression) const;
  [[nodiscard]] TokenRange strip(TokenRange expression) const;

  const Outline* outline_;
  const Region* region_;
  std::map<std::string, Variable, std::less<>> locals_;
  std::set<std::string, std::less<>> parameters_;
  // Bounds the work on text that refers to itself over many corners.
  int budget_ = 50000;
};

}  // namespace cohort::scan
