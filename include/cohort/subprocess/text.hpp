// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Text modes: what turns a program's bytes into text and back.
//
// Text is UTF-8 in std::string. Decoding output also turns \r\n and \r into \n, as Python's universal newlines do;
// input is passed on with its \n. UTF-16 and UTF-32 write a byte order mark and obey one when they read; the -le and
// -be forms have none. Plain functions; any thread. Python: encoding=, errors=, text=True (there the default
// encoding is the locale's; here it is UTF-8 always).
#pragma once

#include <string>
#include <string_view>

#include "cohort/base/export.hpp"

namespace cohort::subprocess {

/// How characters are bytes.
enum class Encoding : unsigned char {
  utf8,
  ascii,
  latin1,
  utf16,  ///< native order with a byte order mark
  utf16_le,
  utf16_be,
  utf32,  ///< native order with a byte order mark
  utf32_le,
  utf32_be,
};

/// What happens to bytes or characters that the encoding does not know.
enum class ErrorPolicy : unsigned char {
  strict,            ///< DecodeError or EncodeError
  replace,           ///< U+FFFD when decoding, '?' when encoding
  ignore,            ///< left out
  backslashreplace,  ///< \x80 for a byte when decoding, \xe9, \u20ac or \U0001f600 for a character when encoding
  /// Bytes from 0x80 on become the surrogates U+DC80 to U+DCFF, and these become the same bytes again: so what is no
  /// text comes through unharmed. Such text is no valid UTF-8. What cannot be kept this way is an error, as under strict.
  surrogateescape,
};

/// Bytes to UTF-8. Newlines stay as they are. Throws DecodeError, which names the offset, under ErrorPolicy::strict.
[[nodiscard]] COHORT_EXPORT std::string decode(std::string_view bytes, Encoding encoding,
                                               ErrorPolicy errors = ErrorPolicy::strict);
/// UTF-8 to bytes. Throws EncodeError under ErrorPolicy::strict (also for text that is no UTF-8).
[[nodiscard]] COHORT_EXPORT std::string encode(std::string_view text, Encoding encoding,
                                               ErrorPolicy errors = ErrorPolicy::strict);
/// \r\n and \r become \n.
[[nodiscard]] COHORT_EXPORT std::string translate_newlines(std::string_view text);

}  // namespace cohort::subprocess
