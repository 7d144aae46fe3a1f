// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The tokenizer is a machine of six states that is fed one character at a time and says after each whether the token at
// hand is complete. What it does in odd corners (a comment inside a word, an inclusion at the very end) is what CPython
// does; tests/unit/shlex/differential_test.cpp compares the two.
#include "cohort/shlex/shlex.hpp"

#include <cstdio>
#include <istream>
#include <utility>

#include "cohort/base/error.hpp"
#include "shlex/repr.hpp"

namespace cohort::shlex {

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
constexpr std::string_view kAccented =
    "ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ";
constexpr std::string_view kFileNames = "~-./*?=";
// A file that includes itself must end in an error, not in a full stack.
constexpr std::size_t kDeepestInclusion = 200;

const CharacterSet& default_wordchars(bool posix) {
  static const CharacterSet kAscii(kLetters);
  static const CharacterSet kLatin(std::string(kLetters).append(kAccented));
  return posix ? kLatin : kAscii;
}

}  // namespace

Shlex::Source::Source(std::string_view whole, std::optional<std::string> file_name)
    : text(whole), name(std::move(file_name)) {}
Shlex::Source::Source(std::istream& borrowed, std::optional<std::string> file_name)
    : reader(&borrowed), name(std::move(file_name)) {}
Shlex::Source::Source(std::unique_ptr<std::istream> stream, std::optional<std::string> file_name)
    : owned(std::move(stream)), reader(owned.get()), name(std::move(file_name)) {}
Shlex::Source::Source(Source&&) noexcept = default;
Shlex::Source& Shlex::Source::operator=(Source&&) noexcept = default;
Shlex::Source::~Source() = default;

Shlex::Shlex(Source&& input, ShlexOptions&& options)
    : commenters("#"),
      wordchars(default_wordchars(options.posix)),
      whitespace(" \t\r\n"),
      quotes("'\""),
      escape("\\"),
      escapedquotes("\""),
      infile(std::move(options.infile)),
      input_(std::move(input)),
      punctuation_(options.punctuation_chars),
      posix_(options.posix) {
  if (punctuation_.empty()) return;
  wordchars += kFileNames;
  wordchars.remove(punctuation_);
}

Shlex::Shlex(std::string_view text, ShlexOptions options) : Shlex(Source(text), std::move(options)) {}
Shlex::Shlex(std::istream& stream, ShlexOptions options) : Shlex(Source(stream), std::move(options)) {}
Shlex::Shlex(Shlex&&) noexcept = default;
Shlex& Shlex::operator=(Shlex&&) noexcept = default;
Shlex::~Shlex() = default;

// --- Tokens ---

std::optional<std::string> Shlex::get_token() {
  call_ = "shlex.get_token";
  return next_token();
}

std::optional<std::string> Shlex::read_token() {
  call_ = "shlex.read_token";
  return next_raw();
}

std::optional<std::string> Shlex::next_token() {
  if (!pushed_tokens_.empty()) {
    std::string token = std::move(pushed_tokens_.front());
    pushed_tokens_.pop_front();
    if (debug >= 1) trace_line(1, "popping token " + repr(token));
    return token;
  }
  std::optional<std::string> raw = follow_inclusions(next_raw());
  while (!raw && !waiting_.empty()) {
    pop_source();
    raw = next_token();
  }
  if (debug >= 1) trace_line(1, "token=" + (raw ? repr(*raw) : "EOF"));
  return raw;
}

std::optional<std::string> Shlex::follow_inclusions(std::optional<std::string> raw) {
  while (source && raw == source) {
    if (waiting_.size() >= kDeepestInclusion) fail("Sources are nested too deeply");
    std::optional<std::string> name = next_raw();
    if (!name || name->empty()) fail("No file name follows " + *source);
    std::optional<Source> opened = sourcehook ? sourcehook(std::move(*name)) : open_source(std::move(*name));
    if (opened) push_source(std::move(*opened));
    raw = next_token();
  }
  return raw;
}

std::optional<std::string> Shlex::next_raw() {
  quoted_ = false;
  for (;;) {
    std::string_view character = next_character();
    if (character == "\n") ++lineno;
    if (debug >= 3) trace_line(3, "in state " + state_name() + " I see character: " + repr(character));
    if (step(character) == Step::emit) break;
  }
  std::string result = std::exchange(token_, {});
  bool is_end = result.empty() && !(posix_ && quoted_);
  if (debug >= 2) trace_line(2, "raw token=" + (result.empty() ? "EOF" : repr(result)));
  if (is_end) return std::nullopt;
  return result;
}

void Shlex::push_token(std::string token) {
  if (debug >= 1) trace_line(1, "pushing token " + repr(token));
  pushed_tokens_.push_front(std::move(token));
}

// --- Sources ---

void Shlex::push_source(Source next) {
  waiting_.push_back({std::move(input_), position_, std::move(infile), lineno});
  input_ = std::move(next);
  position_ = 0;
  infile = input_.name;
  lineno = 1;
  if (debug >= 1) trace_line(1, infile ? "pushing to file " + *infile : std::string("pushing to stream"));
}

void Shlex::pop_source() {
  if (waiting_.empty()) throw StateError("shlex.pop_source", "", "no source is below this one");
  Waiting below = std::move(waiting_.back());
  waiting_.pop_back();
  input_ = std::move(below.input);
  position_ = below.position;
  infile = std::move(below.infile);
  lineno = below.lineno;
  state_ = State::between;
  if (debug >= 1) trace_line(1, "popping to " + infile.value_or("stream") + ", line " + std::to_string(lineno));
}

std::string Shlex::read_line() {
  std::string line;
  while (position_ < input_.text.size() || refill()) {
    std::size_t newline = input_.text.find('\n', position_);
    std::size_t stop = newline == std::string::npos ? input_.text.size() : newline + 1;
    line.append(input_.text, position_, stop - position_);
    position_ = stop;
    if (newline != std::string::npos) break;
  }
  return line;
}

// Reads one character's bytes from the stream, and not one more: what follows may be meant for another reader.
bool Shlex::refill() {
  if (input_.reader == nullptr) return false;
  std::streambuf* bytes = input_.reader->rdbuf();
  if (bytes == nullptr) return false;
  using Traits = std::streambuf::traits_type;
  if (std::ostream* tied = input_.reader->tie(); tied != nullptr && bytes->in_avail() <= 0) tied->flush();
  Traits::int_type first = bytes->sbumpc();
  if (Traits::eq_int_type(first, Traits::eof())) return false;
  input_.text.assign(1, Traits::to_char_type(first));
  position_ = 0;
  unsigned lead = static_cast<unsigned char>(input_.text.front());
  std::size_t length = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  while (input_.text.size() < length) {
    Traits::int_type next = bytes->sgetc();
    if (Traits::eq_int_type(next, Traits::eof())) break;
    char byte = Traits::to_char_type(next);
    if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) break;
    input_.text += byte;
    bytes->sbumpc();
  }
  return true;
}

// The character, or nothing at the end. It is valid until the next call.
std::string_view Shlex::next_character() {
  if (pushed_character_) {
    character_ = std::move(*pushed_character_);
    pushed_character_.reset();
    return character_;
  }
  if (position_ == input_.text.size() && !refill()) return {};
  std::string_view character = first_character(std::string_view(input_.text).substr(position_));
  position_ += character.size();
  return character;
}

void Shlex::skip_line() {
  if (input_.reader == nullptr) {
    std::size_t newline = input_.text.find('\n', position_);
    position_ = newline == std::string::npos ? input_.text.size() : newline + 1;
  } else {
    read_line();
  }
  ++lineno;
}

// --- The machine ---

Shlex::Step Shlex::step(std::string_view character) {
  switch (state_) {
    case State::between: return step_between(character);
    case State::quoted: return step_quoted(character);
    case State::escaped: return step_escaped(character);
    case State::word:
    case State::punctuation: return step_word(character);
    case State::ended: break;
  }
  token_.clear();
  return Step::emit;
}

Shlex::Step Shlex::emit_if_any() const noexcept {
  return !token_.empty() || (posix_ && quoted_) ? Step::emit : Step::go_on;
}

void Shlex::open(State state, std::string_view character, std::string_view within) {
  within_ = within;  // first: it may be the opener
  opener_ = character;
  state_ = state;
}

Shlex::Step Shlex::step_between(std::string_view character) {
  if (character.empty()) {
    state_ = State::ended;
    return Step::emit;
  }
  if (whitespace.contains(character)) {
    trace_line(2, "I see whitespace in whitespace state");
    return emit_if_any();
  }
  if (commenters.contains(character)) {
    skip_line();
  } else if (posix_ && escape.contains(character)) {
    open(State::escaped, character);
  } else if (wordchars.contains(character)) {
    token_ = character;
    state_ = State::word;
  } else if (punctuation_.contains(character)) {
    token_ = character;
    state_ = State::punctuation;
  } else if (quotes.contains(character)) {
    if (!posix_) token_ = character;
    open(State::quoted, character);
  } else {
    token_ = character;
    if (!whitespace_split) return Step::emit;
    state_ = State::word;
  }
  return Step::go_on;
}

Shlex::Step Shlex::step_quoted(std::string_view character) {
  quoted_ = true;
  if (character.empty()) {
    trace_line(2, "I see EOF in quotes state");
    fail("No closing quotation");
  }
  if (character == opener_) {
    if (posix_) {
      state_ = State::word;
      return Step::go_on;
    }
    token_ += character;
    state_ = State::between;
    return Step::emit;
  }
  if (posix_ && escape.contains(character) && escapedquotes.contains(opener_)) {
    open(State::escaped, character, opener_);
  } else {
    token_ += character;
  }
  return Step::go_on;
}

Shlex::Step Shlex::step_escaped(std::string_view character) {
  if (character.empty()) {
    trace_line(2, "I see EOF in escape state");
    fail("No escaped character");
  }
  // Within quotes only the quote and the escape character itself can be escaped.
  if (!within_.empty() && character != opener_ && character != within_) token_ += opener_;
  token_ += character;
  if (within_.empty()) {
    state_ = State::word;
  } else {
    opener_ = std::exchange(within_, {});
    state_ = State::quoted;
  }
  return Step::go_on;
}

// Words and runs of punctuation.
Shlex::Step Shlex::step_word(std::string_view character) {
  if (character.empty()) {
    state_ = State::ended;
    return Step::emit;
  }
  if (whitespace.contains(character)) {
    trace_line(2, "I see whitespace in word state");
    state_ = State::between;
    return emit_if_any();
  }
  if (commenters.contains(character)) {
    skip_line();
    if (!posix_) return Step::go_on;  // and the word goes on in the next line
    state_ = State::between;
    return emit_if_any();
  }
  if (state_ == State::punctuation) {
    if (punctuation_.contains(character)) {
      token_ += character;
      return Step::go_on;
    }
    pushed_character_ = character;
    state_ = State::between;
    return Step::emit;
  }
  if (posix_ && quotes.contains(character)) {
    open(State::quoted, character);
  } else if (posix_ && escape.contains(character)) {
    open(State::escaped, character);
  } else if (wordchars.contains(character) || quotes.contains(character) ||
             (whitespace_split && !punctuation_.contains(character))) {
    token_ += character;
  } else {
    end_word_before(character);
    return emit_if_any();
  }
  return Step::go_on;
}

void Shlex::end_word_before(std::string_view character) {
  if (punctuation_.empty()) {
    pushed_tokens_.emplace_front(character);
  } else {
    pushed_character_ = character;
  }
  trace_line(2, "I see punctuation in word state");
  state_ = State::between;
}

// --- Messages ---

std::string Shlex::error_leader(std::optional<std::string> file, std::optional<int> line) const {
  if (!file) file = infile;
  return '"' + file.value_or("<input>") + "\", line " + std::to_string(line.value_or(lineno)) + ": ";
}

void Shlex::fail(std::string_view sentence) const {
  std::string place = infile ? *infile + " line " : std::string("line ");
  throw ValueError(call_, place + std::to_string(lineno), sentence);
}

void Shlex::trace_line(int level, std::string_view line) const {
  if (debug < level) return;
  std::string whole = "shlex: " + std::string(line);
  if (trace) {
    trace(whole);
  } else {
    std::printf("%s\n", whole.c_str());
  }
}

std::string Shlex::state_name() const {
  switch (state_) {
    case State::between: return "' '";
    case State::word: return "'a'";
    case State::punctuation: return "'c'";
    case State::quoted:
    case State::escaped: return repr(opener_);
    case State::ended: break;
  }
  return "None";
}

}  // namespace cohort::shlex
