// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::scan {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Bytes of other scripts may stand in names.
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 128;
}
bool is_name(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

constexpr std::array<std::string_view, 5> kRawPrefixes = {"R", "u8R", "uR", "UR", "LR"};
constexpr std::array<std::string_view, 4> kPrefixes = {"u8", "u", "U", "L"};
// Longest first. `>>` stays two tokens: it more often closes templates than it shifts, and no check needs it whole.
constexpr std::array<std::string_view, 25> kPunctuation = {
    "<=>", "...", "->*", "<<=", "::", "->", "<<", "<=", ">=", "==", "!=", "&&", "||",
    "++",  "--",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", ".*", "##"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDigraphs = {
    {{"%:%:", "##"}, {"<:", "["}, {":>", "]"}, {"<%", "{"}, {"%>", "}"}, {"%:", "#"}}};

// The condition of one #if, and the brackets that were open before it: #else starts from there again.
struct Conditional {
  bool skipped_outside = false;
  bool skips = false;
  bool never = false;   // #if 0
  bool always = false;  // #if 1
  std::vector<std::size_t> open;
  bool has_open = false;
};
// Beyond these a conditional does not restore the brackets; only text made to be slow gets there.
constexpr std::size_t kMostOpen = 256;
constexpr std::size_t kMostConditionals = 64;

class Lexer {
 public:
  explicit Lexer(std::string_view text) : original_(text) { splice(); }

  TokenizedSource run() {
    while (at_ < clean_.size()) step();
    result_.text_end = result_.tokens.size();
    for (Token& token : bodies_) result_.tokens.push_back(std::move(token));
    for (Macro& macro : result_.macros) {
      macro.begin += result_.text_end;
      macro.end += result_.text_end;
    }
    open_.clear();
    for (const Macro& macro : result_.macros) {
      open_.clear();
      for (std::size_t i = macro.begin; i < macro.end; ++i) match_bracket(result_.tokens, i);
    }
    return std::move(result_);
  }

 private:
  // Phase 2: removes each backslash before a line's end (blanks between, as compilers allow), remembering origins.
  void splice() {
    clean_.reserve(original_.size());
    origin_.reserve(original_.size());
    std::size_t i = original_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (i < original_.size()) {
      if (original_[i] == '\\') {
        std::size_t end = i + 1;
        while (end < original_.size() && is_blank(original_[end])) ++end;
        if (end < original_.size() && original_[end] == '\n') {
          i = end + 1;
          continue;
        }
        // Nothing but blanks and no line's end: keep them all, so that this is not looked at again for each.
        for (; i < end; ++i) keep(i);
        continue;
      }
      keep(i++);
    }
  }
  void keep(std::size_t i) {
    clean_ += original_[i];
    origin_.push_back(static_cast<std::uint32_t>(i));
  }

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < clean_.size() ? clean_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::string_view rest() const { return std::string_view(clean_).substr(at_); }
  [[nodiscard]] std::uint32_t offset() const {
    return at_ < origin_.size() ? origin_[at_] : static_cast<std::uint32_t>(original_.size());
  }
  // Offsets only grow, so the line is counted on from the last one asked for.
  std::uint32_t line_of(std::uint32_t offset) {
    for (; counted_ < offset && counted_ < original_.size(); ++counted_) line_ += original_[counted_] == '\n' ? 1 : 0;
    return line_;
  }

  void step() {
    char c = peek();
    if (c == '\n') {
      ++at_;
      line_start_ = true;
    } else if (is_blank(c)) {
      ++at_;
    } else if (skip_comment()) {
      return;
    } else if (line_start_ && (c == '#' || rest().starts_with("%:"))) {
      at_ += c == '#' ? 1 : 2;
      directive();
    } else {
      line_start_ = false;
      Token token = next_token();
      if (skipping()) return;
      result_.tokens.push_back(std::move(token));
      match_bracket(result_.tokens, result_.tokens.size() - 1);
    }
  }

  bool skip_comment() {
    if (peek() != '/' || (peek(1) != '/' && peek(1) != '*')) return false;
    std::uint32_t first = line_of(offset());
    std::size_t begin = at_ + 2;
    std::size_t end = 0;
    if (peek(1) == '/') {
      end = std::min(clean_.find('\n', begin), clean_.size());
      at_ = end;
    } else {
      end = std::min(clean_.find("*/", begin), clean_.size());
      at_ = std::min(end + 2, clean_.size());
    }
    std::uint32_t last_offset = at_ > 0 && at_ - 1 < origin_.size() ? origin_[at_ - 1] : offset();
    result_.comments.push_back({first, line_of(last_offset), clean_.substr(begin, end - begin)});
    return true;
  }

  Token next_token() {
    Token token;
    token.offset = offset();
    token.line = line_of(token.offset);
    char c = peek();
    if (c == '"' || c == '\'') {
      quoted(token);
    } else if (is_name_start(c)) {
      name(token);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number(token);
    } else {
      punctuation(token);
    }
    return token;
  }

  void name(Token& token) {
    std::size_t begin = at_;
    while (is_name(peek())) ++at_;
    std::string_view word = std::string_view(clean_).substr(begin, at_ - begin);
    if (peek() == '"' && std::find(kRawPrefixes.begin(), kRawPrefixes.end(), word) != kRawPrefixes.end()) {
      raw_string(token);
    } else if ((peek() == '"' || peek() == '\'') &&
               std::find(kPrefixes.begin(), kPrefixes.end(), word) != kPrefixes.end()) {
      quoted(token);
    } else {
      token.kind = TokenKind::identifier;
      token.text = word;
    }
  }

  void number(Token& token) {
    token.kind = TokenKind::number;
    while (true) {
      char c = peek();
      if ((c == '+' || c == '-') && !token.text.empty() && exponent(token.text)) {
      } else if (c == '\'' && is_name(peek(1))) {
        ++at_;
        continue;
      } else if (!is_name(c) && c != '.') {
        return;
      }
      token.text += c;
      ++at_;
    }
  }
  static bool exponent(const std::string& text) {
    bool hex = text.starts_with("0x") || text.starts_with("0X");
    char last = text.back();
    return hex ? last == 'p' || last == 'P' : last == 'e' || last == 'E';
  }

  // An ordinary literal; it ends with its line at the latest.
  void quoted(Token& token) {
    char quote = peek();
    token.kind = quote == '"' ? TokenKind::string : TokenKind::character;
    ++at_;
    while (at_ < clean_.size() && peek() != '\n') {
      char c = peek();
      ++at_;
      if (c == quote) break;
      if (c == '\\' && at_ < clean_.size() && peek() != '\n') {
        escape(token.text);
      } else {
        token.text += c;
      }
    }
    suffix();
  }

  void escape(std::string& text) {
    char c = peek();
    ++at_;
    static constexpr std::string_view kNames = "abfnrtv";
    static constexpr std::string_view kMeant = "\a\b\f\n\r\t\v";
    if (auto i = kNames.find(c); i != std::string_view::npos) {
      text += kMeant[i];
    } else if (c >= '0' && c <= '7') {
      int value = c - '0';
      for (int n = 0; n < 2 && peek() >= '0' && peek() <= '7'; ++n, ++at_) value = value * 8 + (peek() - '0');
      text += static_cast<char>(value);
    } else if (c == 'x') {
      unsigned value = 0;
      for (; hex_digit(peek()) >= 0; ++at_) value = value * 16 + static_cast<unsigned>(hex_digit(peek()));
      text += static_cast<char>(value);
    } else {
      text += c;
    }
  }
  static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }

  // Splices do not count within a raw string: it is read from the original text.
  void raw_string(Token& token) {
    token.kind = TokenKind::string;
    std::size_t begin = offset() + std::size_t{1};
    std::size_t open = begin;
    while (open < original_.size() && open - begin <= 16 && original_[open] != '(' && original_[open] != '"' &&
           original_[open] != '\n') {
      ++open;
    }
    if (open >= original_.size() || original_[open] != '(') {
      quoted(token);
      return;
    }
    std::string closing = ")" + std::string(original_.substr(begin, open - begin)) + "\"";
    std::size_t end = original_.find(closing, open + 1);
    std::size_t last = std::min(end, original_.size());
    token.text = original_.substr(open + 1, last - open - 1);
    resume(end == std::string_view::npos ? original_.size() : end + closing.size());
    suffix();
  }
  void resume(std::size_t original_offset) {
    at_ = static_cast<std::size_t>(
        std::lower_bound(origin_.begin() + static_cast<std::ptrdiff_t>(at_), origin_.end(), original_offset) -
        origin_.begin());
  }
  // "…"s, "…"_fmt; not the name after a literal that a blank parts from it.
  void suffix() {
    if (!is_name_start(peek())) return;
    while (is_name(peek())) ++at_;
  }

  void punctuation(Token& token) {
    // `<::` is `<` and `::` but before `:` and `>`.
    bool template_colons = rest().starts_with("<::") && peek(3) != ':' && peek(3) != '>';
    for (const auto& [digraph, meant] : kDigraphs) {
      if (rest().starts_with(digraph) && !template_colons) {
        token.text = meant;
        at_ += digraph.size();
        return;
      }
    }
    for (std::string_view candidate : kPunctuation) {
      if (rest().starts_with(candidate)) {
        token.text = candidate;
        at_ += candidate.size();
        return;
      }
    }
    token.text = std::string(1, peek());
    ++at_;
  }

  [[nodiscard]] bool skipping() const { return !conditionals_.empty() && conditionals_.back().skips; }

  // Reads a directive to the end of its line.
  void directive() {
    std::vector<Token> tokens;
    bool space_after_name = false;
    while (at_ < clean_.size() && peek() != '\n') {
      if (is_blank(peek())) {
        ++at_;
      } else if (!skip_comment()) {
        tokens.push_back(next_token());
        if (tokens.size() == 2) space_after_name = peek() != '(';
      }
    }
    if (tokens.empty()) return;
    const std::string& name = tokens[0].text;
    if (name == "if" || name == "ifdef" || name == "ifndef") {
      begin_conditional(tokens);
    } else if (name == "else" || name == "elif" || name == "elifdef" || name == "elifndef") {
      next_branch();
    } else if (name == "endif") {
      if (!conditionals_.empty()) conditionals_.pop_back();
    } else if (name == "define" && tokens.size() > 1 && !skipping()) {
      define(tokens, !space_after_name);
    }
  }

  void begin_conditional(const std::vector<Token>& tokens) {
    Conditional conditional;
    conditional.skipped_outside = skipping();
    if (tokens[0].text == "if" && tokens.size() == 2) {
      conditional.never = tokens[1].text == "0" || tokens[1].text == "false";
      conditional.always = tokens[1].text == "1" || tokens[1].text == "true";
    }
    conditional.skips = conditional.skipped_outside || conditional.never;
    if (open_.size() <= kMostOpen && conditionals_.size() < kMostConditionals) {
      conditional.open = open_;
      conditional.has_open = true;
    }
    conditionals_.push_back(std::move(conditional));
  }

  void next_branch() {
    if (conditionals_.empty()) return;
    Conditional& conditional = conditionals_.back();
    conditional.skips = conditional.skipped_outside || conditional.always;
    if (conditional.has_open && !conditional.skips && !conditional.never) open_ = conditional.open;
  }

  void define(std::vector<Token>& tokens, bool takes_arguments) {
    std::size_t begin = 2;
    Macro macro{tokens[1].text, takes_arguments, bodies_.size(), 0};
    if (takes_arguments) {
      for (; begin < tokens.size() && !tokens[begin].is(")"); ++begin) {
        if (tokens[begin].kind == TokenKind::identifier) macro.parameters.push_back(tokens[begin].text);
      }
      ++begin;
    }
    for (std::size_t i = begin; i < tokens.size(); ++i) bodies_.push_back(std::move(tokens[i]));
    macro.end = bodies_.size();
    result_.macros.push_back(std::move(macro));
  }

  // Joins the bracket at `i` with its other half; wrong ones in between stay alone.
  void match_bracket(std::vector<Token>& tokens, std::size_t i) {
    if (tokens[i].kind != TokenKind::punctuation || tokens[i].text.size() != 1) return;
    char c = tokens[i].text[0];
    if (c == '(' || c == '[' || c == '{') {
      open_.push_back(i);
      return;
    }
    if (c != ')' && c != ']' && c != '}') return;
    char opening = c == ')' ? '(' : c == ']' ? '[' : '{';
    while (!open_.empty()) {
      std::size_t candidate = open_.back();
      char found = tokens[candidate].text[0];
      // A brace is never closed by a missing parenthesis within.
      if (found != opening && found == '{') return;
      open_.pop_back();
      if (found == opening) {
        // After an #else the brace of the first branch has its end already; the second one then has none.
        if (tokens[candidate].match == kNone) tokens[candidate].match = i;
        tokens[i].match = candidate;
        return;
      }
    }
  }

  std::string_view original_;
  std::string clean_;
  std::vector<std::uint32_t> origin_;
  std::size_t at_ = 0;
  std::uint32_t counted_ = 0;
  std::uint32_t line_ = 1;
  bool line_start_ = true;
  std::vector<std::size_t> open_;
  std::vector<Conditional> conditionals_;
  std::vector<Token> bodies_;
  TokenizedSource result_;
};

}  // namespace

TokenizedSource tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace cohort::scan
