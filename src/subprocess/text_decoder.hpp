// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Decoding piece by piece: characters and \r\n pairs may be cut anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cohort/subprocess/text.hpp"

namespace cohort::subprocess::detail {

/// Turns bytes into UTF-8 as they come.
class TextDecoder {
 public:
  TextDecoder(Encoding encoding, ErrorPolicy errors, bool translate_newlines) noexcept
      : encoding_(encoding), errors_(errors), translate_(translate_newlines) {}

  /// Appends to `text` what `bytes` complete. @param last  nothing follows: what is incomplete is an error.
  /// Throws DecodeError; the bytes of this call are then consumed.
  void feed(std::string_view bytes, bool last, std::string& text);
  /// Bytes that wait for the rest of their character.
  /// Takes them out, for who will feed them again.
  [[nodiscard]] std::string take_pending() noexcept { return std::exchange(pending_, {}); }

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
