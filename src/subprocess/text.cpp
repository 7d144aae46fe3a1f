// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 is checked as the Unicode standard's table 3-7 has it, and a bad sequence is replaced by one U+FFFD for each
// maximal part of a well-formed one, as Python does.
#include "cohort/subprocess/text.hpp"

#include <algorithm>
#include <bit>

#include "cohort/base/error.hpp"
#include "subprocess/text_decoder.hpp"

namespace cohort::subprocess {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr bool kNativeLittle = std::endian::native == std::endian::little;

void put_utf8(char32_t c, std::string& text) {
  auto byte = [&text](char32_t value) { text += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

constexpr char32_t kFirstEscape = 0xDC00;  // + a byte from 0x80 on

// As Python writes characters that cannot be written.
void put_escape(char32_t c, std::string& text) {
  const int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  text += '\\';
  text += digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789abcdef"[(c >> shift) & 0xF];
}

// One character at the front of `bytes`.
struct Character {
  std::size_t length = 0;  // bytes it takes; for a bad one, how many to skip
  bool valid = false;
  bool incomplete = false;  // the bytes end before the character does
  char32_t value = 0;
};

Character first_utf8(std::string_view bytes) {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char lead = at(0);
  if (lead < 0x80) return {1, true, false, lead};
  std::size_t length = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {1, false, false, 0};
  unsigned char low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  char32_t value = lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= bytes.size()) return {i, false, true, 0};
    if (at(i) < low || at(i) > high) return {i, false, false, 0};
    value = (value << 6) | (at(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {length, true, false, value};
}

char32_t unit(std::string_view bytes, std::size_t width, bool little) {
  char32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    auto byte = static_cast<unsigned char>(bytes[little ? width - 1 - i : i]);
    value = (value << 8) | byte;
  }
  return value;
}

Character first_wide(std::string_view bytes, std::size_t width, bool little) {
  if (bytes.size() < width) return {bytes.size(), false, true, 0};
  char32_t value = unit(bytes, width, little);
  if (width == 4) return {4, value < 0xD800 || (value > 0xDFFF && value < 0x110000), false, value};
  if (value < 0xD800 || value > 0xDFFF) return {2, true, false, value};
  if (value > 0xDBFF) return {2, false, false, 0};
  if (bytes.size() < 4) return {bytes.size(), false, true, 0};
  char32_t low = unit(bytes.substr(2), 2, little);
  if (low < 0xDC00 || low > 0xDFFF) return {2, false, false, 0};
  return {4, true, false, 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)};
}

struct WideForm {
  std::size_t width;
  bool little;
  bool mark;
};

WideForm wide_form(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf16: return {2, kNativeLittle, true};
    case Encoding::utf16_le: return {2, true, false};
    case Encoding::utf16_be: return {2, false, false};
    case Encoding::utf32: return {4, kNativeLittle, true};
    case Encoding::utf32_le: return {4, true, false};
    default: return {4, false, false};
  }
}

bool is_wide(Encoding encoding) { return encoding >= Encoding::utf16; }

void put_unit(char32_t value, std::size_t width, bool little, std::string& bytes) {
  for (std::size_t i = 0; i < width; ++i) {
    std::size_t shift = 8 * (little ? i : width - 1 - i);
    bytes += static_cast<char>((value >> shift) & 0xFF);
  }
}

const char* name_of(Encoding encoding) {
  constexpr const char* kNames[] = {"utf-8",     "ascii",  "latin-1",   "utf-16",   "utf-16-le",
                                    "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"};
  return kNames[static_cast<std::size_t>(encoding)];
}

// False when the encoding does not have the character.
bool put_encoded(char32_t c, Encoding encoding, std::string& bytes) {
  switch (encoding) {
    case Encoding::utf8: put_utf8(c, bytes); return true;
    case Encoding::ascii:
    case Encoding::latin1:
      if (c > (encoding == Encoding::ascii ? 0x7FU : 0xFFU)) return false;
      bytes += static_cast<char>(c);
      return true;
    default: {
      WideForm form = wide_form(encoding);
      if (form.width == 2 && c >= 0x10000) {
        put_unit(0xD800 + ((c - 0x10000) >> 10), 2, form.little, bytes);
        put_unit(0xDC00 + ((c - 0x10000) & 0x3FF), 2, form.little, bytes);
      } else {
        put_unit(c, form.width, form.little, bytes);
      }
      return true;
    }
  }
}

}  // namespace

namespace detail {

Encoding encoding_after_mark(std::string_view start, Encoding encoding) noexcept {
  if (encoding != Encoding::utf16 && encoding != Encoding::utf32) return encoding;
  const WideForm form = wide_form(encoding);
  bool little = form.little;
  if (start.size() >= form.width) {
    if (unit(start, form.width, true) == 0xFEFF) little = true;
    if (unit(start, form.width, false) == 0xFEFF) little = false;
  }
  if (form.width == 2) return little ? Encoding::utf16_le : Encoding::utf16_be;
  return little ? Encoding::utf32_le : Encoding::utf32_be;
}

std::size_t cut_at_front(std::string_view bytes, Encoding encoding, std::uint64_t offset) noexcept {
  if (is_wide(encoding)) {
    const WideForm form = wide_form(encoding);
    std::size_t skip =
        std::min(static_cast<std::size_t>((form.width - offset % form.width) % form.width), bytes.size());
    if (form.width == 2 && bytes.size() >= skip + 2) {
      char32_t first = unit(bytes.substr(skip), 2, form.little);
      if (first >= 0xDC00 && first <= 0xDFFF) skip += 2;
    }
    return skip;
  }
  if (encoding != Encoding::utf8) return 0;
  constexpr std::size_t kMost = 3;  // bytes that may follow the first one of a character
  std::size_t skip = 0;
  while (skip < std::min(kMost, bytes.size()) && (static_cast<unsigned char>(bytes[skip]) & 0xC0) == 0x80) ++skip;
  return skip;
}

std::size_t cut_at_back(std::string_view bytes, Encoding encoding) noexcept {
  if (is_wide(encoding)) {
    const WideForm form = wide_form(encoding);
    std::size_t skip = bytes.size() % form.width;
    if (form.width == 2 && bytes.size() >= skip + 2) {
      char32_t last = unit(bytes.substr(bytes.size() - skip - 2), 2, form.little);
      if (last >= 0xD800 && last <= 0xDBFF) skip += 2;
    }
    return skip;
  }
  if (encoding != Encoding::utf8) return 0;
  for (std::size_t length = 1; length <= std::min<std::size_t>(3, bytes.size()); ++length) {
    std::string_view tail = bytes.substr(bytes.size() - length);
    if ((static_cast<unsigned char>(tail[0]) & 0xC0) == 0x80) continue;
    return first_utf8(tail).incomplete ? length : 0;
  }
  return 0;
}

std::size_t TextDecoder::invalid(std::string_view bytes, std::string_view what, std::string& text) const {
  std::size_t escaped = 0;
  switch (errors_) {
    case ErrorPolicy::replace: text += kReplacement; return bytes.size();
    case ErrorPolicy::ignore: return bytes.size();
    case ErrorPolicy::backslashreplace:
      for (char c : bytes) put_escape(static_cast<unsigned char>(c), text);
      return bytes.size();
    case ErrorPolicy::surrogateescape:
      // An ASCII byte is never hidden in a surrogate: whoever looks for a slash or a quote must find it.
      while (escaped < bytes.size() && static_cast<unsigned char>(bytes[escaped]) >= 0x80) {
        put_utf8(kFirstEscape + static_cast<unsigned char>(bytes[escaped++]), text);
      }
      if (escaped > 0) return escaped;
      break;
    case ErrorPolicy::strict: break;
  }
  throw DecodeError("decode", name_of(encoding_), "byte " + std::to_string(offset_) + ": " + std::string(what));
}

void TextDecoder::decode_utf8(std::string_view bytes, bool last, std::string& text) {
  while (!bytes.empty()) {
    // Whole runs of ASCII at once: most output is that.
    auto plain = std::find_if(bytes.begin(), bytes.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    auto run = static_cast<std::size_t>(plain - bytes.begin());
    text.append(bytes.substr(0, run));
    offset_ += run;
    bytes.remove_prefix(run);
    if (bytes.empty()) return;
    Character c = first_utf8(bytes);
    if (c.incomplete && !last) {
      pending_ = bytes;
      return;
    }
    std::string_view taken = bytes.substr(0, c.length);
    if (c.valid) {
      text += taken;
    } else {
      c.length = invalid(taken, c.incomplete ? "unexpected end" : "invalid sequence", text);
    }
    offset_ += c.length;
    bytes.remove_prefix(c.length);
  }
}

void TextDecoder::decode_single(std::string_view bytes, std::string& text) {
  for (const char& c : bytes) {
    auto value = static_cast<unsigned char>(c);
    if (encoding_ == Encoding::ascii && value > 0x7F) {
      invalid({&c, 1}, "not in range(128)", text);
    } else {
      put_utf8(value, text);
    }
    ++offset_;
  }
}

void TextDecoder::decode_wide(std::string_view bytes, bool last, std::string& text) {
  WideForm form = wide_form(encoding_);
  if (form.mark && !started_) {
    if (bytes.size() < form.width && !last) {
      pending_ = bytes;
      return;
    }
    if (bytes.size() >= form.width) {
      // A mark decides the order from here on.
      char32_t first = unit(bytes, form.width, true);
      bool little = first == 0xFEFF;
      bool big = unit(bytes, form.width, false) == 0xFEFF;
      if (little || big) {
        encoding_ = form.width == 2 ? (little ? Encoding::utf16_le : Encoding::utf16_be)
                                    : (little ? Encoding::utf32_le : Encoding::utf32_be);
        form = wide_form(encoding_);
        bytes.remove_prefix(form.width);
        offset_ += form.width;
      }
    }
    started_ = true;
  }
  while (!bytes.empty()) {
    Character c = first_wide(bytes, form.width, form.little);
    if (c.incomplete && !last) {
      pending_ = bytes;
      return;
    }
    if (c.valid) {
      put_utf8(c.value, text);
    } else {
      c.length = invalid(bytes.substr(0, c.length), c.incomplete ? "truncated data" : "illegal encoding", text);
    }
    offset_ += c.length;
    bytes.remove_prefix(c.length);
  }
}

void TextDecoder::decode(std::string_view bytes, bool last, std::string& text) {
  std::string joined;
  if (!pending_.empty()) {
    joined = std::move(pending_);
    pending_.clear();
    joined += bytes;
    bytes = joined;
  }
  switch (encoding_) {
    case Encoding::utf8: return decode_utf8(bytes, last, text);
    case Encoding::ascii:
    case Encoding::latin1: return decode_single(bytes, text);
    default: return decode_wide(bytes, last, text);
  }
}

void TextDecoder::put_translated(std::string_view piece, bool last, std::string& text) {
  while (!piece.empty()) {
    if (carriage_return_) {
      // The \n of a pair was already written for its \r.
      carriage_return_ = false;
      if (piece.front() == '\n') piece.remove_prefix(1);
      continue;
    }
    std::size_t at = piece.find('\r');
    text += piece.substr(0, at);
    if (at == std::string_view::npos) return;
    text += '\n';
    carriage_return_ = true;
    piece.remove_prefix(at + 1);
  }
  if (last) carriage_return_ = false;
}

void TextDecoder::feed(std::string_view bytes, bool last, std::string& text) {
  if (!translate_) return decode(bytes, last, text);
  std::string piece;
  decode(bytes, last, piece);
  put_translated(piece, last, text);
}

}  // namespace detail

std::string decode(std::string_view bytes, Encoding encoding, ErrorPolicy errors) {
  std::string text;
  text.reserve(bytes.size());
  detail::TextDecoder(encoding, errors, false).feed(bytes, true, text);
  return text;
}

namespace {

// Writes what the encoding does not have as asked; false: that is an error. `text` begins with it. May change its
// length.
bool put_unknown(std::string_view text, Character& c, Encoding encoding, ErrorPolicy errors, std::string& bytes) {
  std::string escape;
  switch (errors) {
    case ErrorPolicy::ignore: return true;
    case ErrorPolicy::replace: put_encoded('?', encoding, bytes); return true;
    case ErrorPolicy::backslashreplace:
      if (c.valid) put_escape(c.value, escape);
      for (std::size_t i = 0; !c.valid && i < c.length; ++i) put_escape(static_cast<unsigned char>(text[i]), escape);
      for (char letter : escape) put_encoded(static_cast<unsigned char>(letter), encoding, bytes);
      return true;
    case ErrorPolicy::surrogateescape: {
      // U+DC80 to U+DCFF, as decode() wrote them. Wide encodings have no single bytes to put there.
      auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
      if (c.valid || is_wide(encoding)) return false;
      if (text.size() < 3 || at(0) != 0xED || (at(1) != 0xB2 && at(1) != 0xB3) || (at(2) & 0xC0) != 0x80) return false;
      bytes += static_cast<char>(((at(1) & 0x3) << 6) | (at(2) & 0x3F));
      c.length = 3;
      return true;
    }
    case ErrorPolicy::strict: break;
  }
  return false;
}

}  // namespace

std::string encode(std::string_view text, Encoding encoding, ErrorPolicy errors) {
  std::string bytes;
  bytes.reserve(text.size());
  if (encoding == Encoding::utf16 || encoding == Encoding::utf32) put_encoded(0xFEFF, encoding, bytes);
  for (std::size_t at = 0; at < text.size();) {
    std::string_view rest = text.substr(at);
    Character c = first_utf8(rest);
    if ((!c.valid || !put_encoded(c.value, encoding, bytes)) && !put_unknown(rest, c, encoding, errors, bytes)) {
      throw EncodeError("encode", name_of(encoding), "byte " + std::to_string(at) + ": cannot be encoded");
    }
    at += c.length;
  }
  return bytes;
}

std::string translate_newlines(std::string_view text) {
  std::string translated;
  translated.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      translated += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      translated += text[i];
    }
  }
  return translated;
}

}  // namespace cohort::subprocess
