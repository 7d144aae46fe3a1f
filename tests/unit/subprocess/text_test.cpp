// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "subprocess/text_decoder.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::string_literals;

const std::string kSample = "aé€😀\n";

TEST(Text, comes_back_from_every_wide_encoding) {
  for (Encoding encoding : {Encoding::utf8, Encoding::utf16, Encoding::utf16_le, Encoding::utf16_be, Encoding::utf32,
                            Encoding::utf32_le, Encoding::utf32_be}) {
    EXPECT_EQ(decode(encode(kSample, encoding), encoding), kSample);
  }
  EXPECT_EQ(decode(encode("aé\n", Encoding::latin1), Encoding::latin1), "aé\n");
  EXPECT_EQ(decode("abc", Encoding::ascii), "abc");
}

TEST(Text, is_laid_out_as_the_encodings_say) {
  EXPECT_EQ(encode("a", Encoding::utf16),
            "\xFF\xFE"
            "a\0"s);
  EXPECT_EQ(encode("😀", Encoding::utf16_be), "\xD8\x3D\xDE\x00"s);
  EXPECT_EQ(encode("a", Encoding::utf32_le), "a\0\0\0"s);
  EXPECT_EQ(encode("é", Encoding::latin1), "\xE9");
}

TEST(Text, obeys_a_byte_order_mark) {
  EXPECT_EQ(decode("\xFE\xFF\x00"
                   "a"s,
                   Encoding::utf16),
            "a");
  EXPECT_EQ(decode("\xFF\xFE"
                   "a\0"s,
                   Encoding::utf16),
            "a");
  EXPECT_EQ(decode("\x00\x00\xFE\xFF\x00\x00\x00"
                   "a"s,
                   Encoding::utf32),
            "a");
}

TEST(Text, treats_bad_bytes_as_asked) {
  const std::string bad =
      "a\xFF"
      "b\xE2\x82"
      "c\xED\xA0\x80"
      "d\xF0\x9F";
  EXPECT_THROW((void)decode(bad, Encoding::utf8), DecodeError);
  // As CPython: one mark for each maximal part of a well-formed sequence.
  EXPECT_EQ(decode(bad, Encoding::utf8, ErrorPolicy::replace), "a\uFFFDb\uFFFDc\uFFFD\uFFFD\uFFFDd\uFFFD");
  EXPECT_EQ(decode(bad, Encoding::utf8, ErrorPolicy::ignore), "abcd");
  EXPECT_THROW((void)decode("\x80", Encoding::ascii), DecodeError);
  EXPECT_THROW((void)decode("abc", Encoding::utf16_le), DecodeError);
  EXPECT_THROW((void)decode("\x00\xDC"s, Encoding::utf16_le), DecodeError);
  EXPECT_THROW((void)decode("\x00\x00\x11\x00"s, Encoding::utf32_le), DecodeError);
}

TEST(Text, treats_characters_that_do_not_exist_there_as_asked) {
  EXPECT_THROW((void)encode("€", Encoding::latin1), EncodeError);
  EXPECT_EQ(encode("x€y", Encoding::latin1, ErrorPolicy::replace), "x?y");
  EXPECT_EQ(encode("x€y", Encoding::ascii, ErrorPolicy::ignore), "xy");
  EXPECT_THROW((void)encode("\xFF", Encoding::utf8), EncodeError);
}

TEST(Text, escapes_with_backslashes_what_it_does_not_know) {
  constexpr ErrorPolicy kEscape = ErrorPolicy::backslashreplace;
  EXPECT_EQ(decode("[\x80\x80]", Encoding::utf8, kEscape), "[\\x80\\x80]");
  EXPECT_EQ(decode("a\xE2\x82", Encoding::utf8, kEscape), "a\\xe2\\x82");
  EXPECT_EQ(decode("\x00\xDC"s, Encoding::utf16_le, kEscape), "\\x00\\xdc");
  EXPECT_EQ(encode("aé€😀", Encoding::ascii, kEscape), "a\\xe9\\u20ac\\U0001f600");
  EXPECT_EQ(encode("é€", Encoding::latin1, kEscape), "\xE9\\u20ac");
  EXPECT_EQ(encode("\xFF", Encoding::utf16_le, kEscape), "\\\0x\0f\0f\0"s);
}

TEST(Text, carries_what_is_no_text_through_surrogates) {
  constexpr ErrorPolicy kEscape = ErrorPolicy::surrogateescape;
  // U+DC80, twice.
  EXPECT_EQ(decode("[\x80\x80]", Encoding::utf8, kEscape), "[\xED\xB2\x80\xED\xB2\x80]");
  for (Encoding encoding : {Encoding::utf8, Encoding::ascii}) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    all += "é\xE2\x82z\xF0\x9F";
    std::string text = decode(all, encoding, kEscape);
    EXPECT_EQ(encode(text, encoding, kEscape), all);
    EXPECT_THROW((void)encode(text, encoding), EncodeError) << "strict refuses it";
  }
  EXPECT_THROW((void)encode("é", Encoding::ascii, kEscape), EncodeError) << "a character, no hidden byte";
  EXPECT_THROW((void)encode("\xED\xA0\x80", Encoding::utf8, kEscape), EncodeError) << "U+D800 hides nothing";
  EXPECT_THROW((void)encode("\xED\xB2", Encoding::utf8, kEscape), EncodeError);
  EXPECT_THROW((void)decode("abc", Encoding::utf16_le, kEscape), DecodeError) << "an ASCII byte is not hidden";
}

TEST(Text, has_universal_newlines) { EXPECT_EQ(translate_newlines("a\r\nb\rc\nd\r\r\n\r"), "a\nb\nc\nd\n\n\n"); }

// However the bytes are cut, the text is the same.
TEST(TextDecoder, does_not_care_where_bytes_are_cut) {
  for (Encoding encoding : {Encoding::utf8, Encoding::utf16, Encoding::utf16_be, Encoding::utf32}) {
    const std::string bytes = encode("a\r\né\r€😀\n\r\nz\r", encoding);
    const std::string whole = translate_newlines(decode(bytes, encoding));
    ASSERT_FALSE(whole.empty());
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      for (std::size_t second = cut; second <= bytes.size(); ++second) {
        detail::TextDecoder decoder(encoding, ErrorPolicy::strict, true);
        std::string text;
        decoder.feed(std::string_view(bytes).substr(0, cut), false, text);
        decoder.feed(std::string_view(bytes).substr(cut, second - cut), false, text);
        decoder.feed(std::string_view(bytes).substr(second), true, text);
        ASSERT_EQ(text, whole) << cut << " " << second;
      }
    }
  }
}

}  // namespace
}  // namespace cohort::subprocess
