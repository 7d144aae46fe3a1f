// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Decoding piece by piece: characters and \r\n pairs may be cut anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cohort/subprocess/text.hpp"

namespace cohort::subprocess::detail {

/// The encoding without a byte order mark that a stream which begins with `start` has; the others stay as they are.
[[nodiscard]] Encoding encoding_after_mark(std::string_view start, Encoding encoding) noexcept;
/// How many bytes at the front belong to a character that was cut away. `offset`: of the first byte in its stream.
[[nodiscard]] std::size_t cut_at_front(std::string_view bytes, Encoding encoding, std::uint64_t offset) noexcept;
/// How many bytes at the end belong to a character whose rest was cut away; `bytes` begins with a character.
[[nodiscard]] std::size_t cut_at_back(std::string_view bytes, Encoding encoding) noexcept;

/// Turns bytes into UTF-8 as they come.
class TextDecoder {
 public:
  TextDecoder(Encoding encoding, ErrorPolicy errors, bool translate_newlines) noexcept
      : encoding_(encoding), errors_(errors), translate_(translate_newlines) {}

  /// Appends to `text` what `bytes` complete. @param last  nothing follows: what is incomplete is an error.
  /// Throws DecodeError; the bytes of this call are then consumed.
  void feed(std::string_view bytes, bool last, std::string& text);
  /// Takes the bytes out that wait for the rest of their character, for who will feed them again, or knows that it was
  /// cut.
  std::string take_pending() noexcept { return std::exchange(pending_, {}); }
  /// What a byte order mark has made of it.
  [[nodiscard]] Encoding encoding() const noexcept { return encoding_; }
  /// Goes on further behind in the stream, where something was left out.
  void skip(Encoding encoding) noexcept {
    encoding_ = encoding;
    started_ = true;
    carriage_return_ = false;
    pending_.clear();
  }

 private:
  void decode(std::string_view bytes, bool last, std::string& text);
  void decode_utf8(std::string_view bytes, bool last, std::string& text);
  void decode_single(std::string_view bytes, std::string& text);
  void decode_wide(std::string_view bytes, bool last, std::string& text);
  /// Treats bytes that are no character as asked; returns how many of them are done with.
  std::size_t invalid(std::string_view bytes, std::string_view what, std::string& text) const;
  void put_translated(std::string_view piece, bool last, std::string& text);

  Encoding encoding_;
  ErrorPolicy errors_;
  bool translate_;
  bool carriage_return_ = false;
  bool started_ = false;
  std::uint64_t offset_ = 0;
  std::string pending_;
};

}  // namespace cohort::subprocess::detail
