// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The words of a shell command line: splitting, quoting, joining, and the tokenizer beneath.
//
//   std::vector<std::string> words = cohort::shlex::split("cp -r 'my files' /tmp");     // cp, -r, my files, /tmp
//   std::string line = "ls -l " + cohort::shlex::quote(file_name);                      // one word, whatever it holds
//   std::string again = cohort::shlex::join(words);                                     // split(again) == words
//
// Texts are bytes; UTF-8 passes through whole, and so do bytes that are none. The rules are those of a POSIX shell for
// quotes and escapes; nothing is expanded. quote() is right for POSIX shells only.
// Functions: any thread, any process. A Shlex object: one thread at a time.
// Python: the module shlex; what differs stands in docs/reference/shlex.md.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/base/export.hpp"
#include "cohort/shlex/character_set.hpp"

namespace cohort::shlex {

/// How split() reads.
struct SplitOptions {
  /// `#` starts a comment that ends with the line. Unlike in a shell, also inside a word: `a#b` is `a`. Python:
  /// comments.
  bool comments = false;
  /// Quotes are removed and backslashes escape, as in a POSIX shell. When false, quotes stay in the words and a
  /// backslash is an ordinary character. Python: posix.
  bool posix = true;
};

/// Splits a command line into words at spaces, tabs and newlines, minding quotes and backslashes. Operators (`|`, `;`,
/// `>`) are ordinary characters.
///
/// @throws ValueError  "No closing quotation" or "No escaped character"; the subject is the line
/// Cost: linear; some 10 ns a character
[[nodiscard]] COHORT_EXPORT std::vector<std::string> split(std::string_view text, SplitOptions options = {});
/// No text is an error; Python throws ValueError for None.
std::vector<std::string> split(std::nullptr_t, SplitOptions options = {}) = delete;

/// The text as one word of a POSIX shell: unchanged when it is harmless, in single quotes otherwise. The shell that
/// reads it sees exactly `text` as one argument; a null byte cannot reach any program and is not looked for.
[[nodiscard]] COHORT_EXPORT std::string quote(std::string_view text);
std::string quote(std::nullptr_t) = delete;

/// The words as one command line: each quoted, with a space between. The reverse of split().
[[nodiscard]] COHORT_EXPORT std::string join(std::span<const std::string> words);
[[nodiscard]] COHORT_EXPORT std::string join(std::span<const std::string_view> words);
[[nodiscard]] COHORT_EXPORT std::string join(std::initializer_list<std::string_view> words);

/// The characters that punctuation_chars=True means in Python: the operators of a shell.
inline constexpr std::string_view kShellPunctuation = "();<>|&";

/// How a Shlex is made.
struct ShlexOptions {
  /// The name of what is read, for messages and for the place of included files.
  std::optional<std::string> infile = {};
  /// Shell rules for quotes and escapes; Python's class defaults to false, too, unlike split().
  bool posix = false;
  /// Runs of these characters are tokens of their own: kShellPunctuation, or others. Words may then also hold
  /// `~-./*?=`.
  std::string punctuation_chars = {};
};

/// A tokenizer for simple shell-like languages. Its public members steer it and may be changed between tokens.
///
/// Move-only; destruction closes what it opened itself.
///
///   cohort::shlex::Shlex lexer("a && b", {.posix = true, .punctuation_chars = "&|"});
///   for (const std::string& token : lexer) use(token);                                // a, &&, b
class COHORT_EXPORT Shlex {
 public:
  /// Something to read from: a text, or a stream that is owned or borrowed. `name` is its file name, for messages.
  struct COHORT_EXPORT Source {
    /// A text, which is copied; a stream that outlives the reading; a stream that is closed when its end is passed.
    explicit Source(std::string_view whole, std::optional<std::string> file_name = {});
    explicit Source(std::istream& borrowed, std::optional<std::string> file_name = {});
    explicit Source(std::unique_ptr<std::istream> stream, std::optional<std::string> file_name = {});
    Source(Source&&) noexcept;
    Source& operator=(Source&&) noexcept;
    ~Source();

    std::string text;                     ///< the text; for a stream, bytes that were read ahead: at most one character
    std::unique_ptr<std::istream> owned;  ///< empty for a text and for a borrowed stream
    std::istream* reader = nullptr;       ///< the stream to read, owned or not; nullptr for a text
    std::optional<std::string> name;      ///< the file, for messages and relative names
  };

  /// Reads a text, which is copied.
  explicit Shlex(std::string_view text, ShlexOptions options = {});
  /// Reads a stream, a character at a time and none too many. The stream must outlive the object.
  explicit Shlex(std::istream& stream, ShlexOptions options = {});
  Shlex(Shlex&&) noexcept;
  Shlex& operator=(Shlex&&) noexcept;
  ~Shlex();

  /// The next token: the one pushed last, or else one read, with inclusions followed.
  ///
  /// @returns  nullopt at the end of all sources. Python: the end is None in POSIX mode and '' otherwise
  /// @throws ValueError  "No closing quotation" or "No escaped character"; token() has what was read of the word
  std::optional<std::string> get_token();
  /// The next token as it stands in the source: nothing pushed is looked at, no inclusion is followed.
  std::optional<std::string> read_token();
  /// Makes `token` the next one; the last pushed comes first.
  void push_token(std::string token);

  /// Reads from `source` until it ends, then goes on where it was.
  void push_source(Source source);
  /// Drops the present source and goes back to the one before.
  /// @throws StateError  there is none
  void pop_source();
  /// The rest of the present line of the present source, with its newline; empty at the end. For languages that take
  /// raw lines between tokens. Python: instream.readline().
  std::string read_line();

  /// The head of a message in the form that compilers use: `"file", line 3: `. Without arguments the present place.
  [[nodiscard]] std::string error_leader(std::optional<std::string> file = {}, std::optional<int> line = {}) const;
  /// What has been read of the token at hand. After an exception: of the one that failed.
  [[nodiscard]] const std::string& token() const noexcept { return token_; }
  /// What was given at construction; it cannot be changed later.
  [[nodiscard]] const std::string& punctuation_chars() const noexcept { return punctuation_.str(); }
  /// How many sources wait below the present one.
  [[nodiscard]] std::size_t source_depth() const noexcept { return waiting_.size(); }
  /// What happens to a file name after `source` when there is no `sourcehook`: double quotes around it are removed, a
  /// relative name is taken from the folder of `infile`, and the file is opened.
  ///
  /// @throws OsError     it cannot be opened
  /// @throws ValueError  the name is empty
  [[nodiscard]] Source open_source(std::string name) const;

  /// Tokens until the end, for a range-for loop. One pass; the iterator belongs to the object.
  class Iterator {
   public:
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    /// Reads the first token.
    explicit Iterator(Shlex& lexer) : lexer_(&lexer), token_(lexer.get_token()) {}
    const std::string& operator*() const noexcept { return *token_; }
    Iterator& operator++() {
      token_ = lexer_->get_token();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::nullptr_t) noexcept { return !at.token_; }

   private:
    Shlex* lexer_;
    std::optional<std::string> token_;
  };
  /// Begins with the next token.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] std::nullptr_t end() const noexcept { return nullptr; }

  /// Characters that begin a comment, up to the end of the line. `#`.
  CharacterSet commenters;
  /// Characters that make up words: letters, digits, `_`; in POSIX mode also the accented letters of Latin-1.
  CharacterSet wordchars;
  /// Characters between tokens: space, tab, carriage return, newline.
  CharacterSet whitespace;
  /// Words end at whitespace only (and at punctuation_chars). Without it, other characters are tokens of their own.
  bool whitespace_split = false;
  /// Characters that quote: `'` and `"`.
  CharacterSet quotes;
  /// Characters that escape the next one, in POSIX mode only: backslash.
  CharacterSet escape;
  /// Quotes within which escape characters keep their meaning: `"`.
  CharacterSet escapedquotes;
  /// The name of the present source.
  std::optional<std::string> infile;
  /// A token that means: the next token names a file to read here.
  std::optional<std::string> source;
  /// Opens what `source` asks for; open_source() when it is empty. A result of nullopt means: nothing to read.
  std::function<std::optional<Source>(std::string name)> sourcehook;
  /// The number of the line at hand, from 1.
  int lineno = 1;
  /// 1 and up: trace tokens, sources, and each character. Python's texts.
  int debug = 0;
  /// Where a line of the trace goes, without its newline. The default prints it to standard output.
  std::function<void(std::string_view line)> trace;

 private:
  enum class State : unsigned char { between, word, punctuation, quoted, escaped, ended };
  enum class Step : unsigned char { go_on, emit };
  // A source that goes on when the present one ends.
  struct Waiting {
    Source input;
    std::size_t position;
    std::optional<std::string> infile;
    int lineno;
  };

  friend std::vector<std::string> split(std::string_view text, SplitOptions options);

  Shlex(Source&& input, ShlexOptions&& options);
  // get_token() and read_token() of whichever call the user made.
  std::optional<std::string> next_token();
  std::optional<std::string> next_raw();
  std::optional<std::string> follow_inclusions(std::optional<std::string> raw);
  bool refill();
  std::string_view next_character();
  void skip_line();
  Step step(std::string_view character);
  Step step_between(std::string_view character);
  Step step_quoted(std::string_view character);
  Step step_escaped(std::string_view character);
  Step step_word(std::string_view character);
  [[nodiscard]] Step emit_if_any() const noexcept;
  void end_word_before(std::string_view character);
  void open(State state, std::string_view character, std::string_view within = {});
  void trace_line(int level, std::string_view line) const;
  [[nodiscard]] std::string state_name() const;
  [[noreturn]] void fail(std::string_view sentence) const;

  Source input_;
  std::size_t position_ = 0;                     // in input_.text
  std::vector<Waiting> waiting_;                 // the one to go on with is last
  std::deque<std::string> pushed_tokens_;        // the next one is first
  std::optional<std::string> pushed_character_;  // looked at and given back
  std::string character_;                        // keeps a given-back character while it is looked at again
  std::string token_;
  std::string opener_;  // the quote, or the escape character, that State::quoted or escaped is about
  std::string within_;  // the quote that an escape stands in; empty outside quotes
  CharacterSet punctuation_;
  bool posix_;
  bool quoted_ = false;  // the token at hand has a quoted part, so it counts although it be empty
  State state_ = State::between;
  const char* call_ = "shlex.get_token";  // the one that the user made, for messages
};

}  // namespace cohort::shlex
