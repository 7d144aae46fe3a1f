// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What text an expression may have: which parts are constant, quoted for a shell, numbers, or unknown.
//
// Within one function; of the file's other functions, what they return and write through their parameters
// (callees.hpp). A variable has everything that is assigned or appended to it, but for what a later assignment, which
// every way to the use passes, has replaced.
// What a parameter, a member or a function of another file gives is unknown, and so is what such a function writes
// through an address that it was given. A reference that it was given, or kept, and writes through is not seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scan/outline.hpp"

namespace cohort::scan {

/// The longest statement that is looked at, in tokens; it keeps the whole linear.
inline constexpr int kMostStatement = 500;

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

/// The one of which less is known.
const Text& less_known(const Text& a, const Text& b);
bool is_numeric_type(std::string_view name);

class Callees;

class Evaluator {
 public:
  Evaluator(const Outline& outline, const Region& region, Callees& callees);

  /// The text of an expression; of several alternatives the one that is least known.
  [[nodiscard]] Text text(TokenRange expression) { return text(expression, 0); }

  /// The name that an expression is about: `cmd` in `cmd.c_str()`, `&cmd[0]`, `cmd + n`; "" where there is none.
  [[nodiscard]] std::string_view base(TokenRange expression) const;
  /// Whether the region declares a variable or parameter of this name.
  [[nodiscard]] bool is_local(std::string_view name) const { return locals_.contains(name); }
  [[nodiscard]] bool is_parameter(std::string_view name) const { return parameters_.contains(name); }
  /// What the function writes through its parameters that are references or pointers, by their number.
  [[nodiscard]] std::map<std::size_t, Text> written();
  /// What is assigned to a variable, in order.
  [[nodiscard]] std::vector<TokenRange> assignments(std::string_view name) const;

 private:
  struct Write {
    // character: a number that is appended as the character of that code
    enum class Kind : std::uint8_t { assign, append, character, format, given, unknown };
    Kind kind = Kind::assign;
    TokenRange value;
    /// The token that is written to.
    std::size_t at = 0;
    /// Of what is given by a function of the file.
    Text text = {};

    [[nodiscard]] bool adds() const { return kind == Kind::append || kind == Kind::character || kind == Kind::given; }
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
  void read_names(std::size_t i);
  void read_member(std::size_t name, std::size_t next);
  void read_call(const Call& call);
  void read_other_call(const Call& call);
  void read_pointers();
  void write(std::size_t name, Write::Kind kind, TokenRange value);
  [[nodiscard]] TokenRange to_statement_end(std::size_t begin) const;
  [[nodiscard]] bool numeric_type_before(std::size_t name) const;

  Text text(TokenRange expression, int depth);
  Text primary(TokenRange expression, int depth);
  Text of_strings(TokenRange expression, int depth);
  bool follow_member(Text& value, std::size_t& rest, TokenRange expression, int depth);
  Text with_links(Text value, std::size_t rest, TokenRange expression, int depth);
  Text of_call(std::size_t name, TokenRange arguments, int depth);
  Text of_variable(std::size_t at, int depth);
  Text of_write(const Write& write, int depth);
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
  Callees* callees_;
  std::map<std::string, Variable, std::less<>> locals_;
  std::set<std::string, std::less<>> parameters_;
  // In order; empty for those that another function cannot see written to.
  std::vector<std::string> written_parameters_;
  // Bounds the work on text that refers to itself over many corners.
  int budget_ = 50000;
};

}  // namespace cohort::scan
