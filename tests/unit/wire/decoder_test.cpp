// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads bytes that anybody wrote, and believes nothing that they say.
#include "cohort/wire/decoder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

template <class Read>
std::string refusal(const Bytes& bytes, Read read, DecodeLimits limits = {}) {
  Decoder in(bytes, limits);
  try {
    read(in);
  } catch (const DecodeError& error) { return error.what(); }
  return "read";
}

TEST(Decoder, reads_where_the_input_lies_and_no_further) {
  const Bytes bytes = bytes_of({1, 2, 3, 4, 5});
  Decoder in(bytes);
  EXPECT_EQ(in.read(2).data(), bytes.data());
  EXPECT_EQ(in.position(), 2U);
  EXPECT_THROW(in.read(4), DecodeError);
  EXPECT_EQ(in.remaining(), 3U) << "none was consumed";
  EXPECT_EQ(in.read_raw<std::uint16_t>(), 0x0403);
  EXPECT_THROW(in.expect_end(), DecodeError);
  EXPECT_EQ(in.read(1)[0], std::byte{5});
  in.expect_end();
}

TEST(Decoder, says_at_which_byte_it_disliked_what) {
  EXPECT_EQ(refusal(bytes_of({1, 2}), [](Decoder& in) { in.read(1), in.fail("no"); }), "decode: byte 1 of 2: no");
}

TEST(Decoder, believes_counts_only_as_far_as_there_are_bytes) {
  const auto count = [](std::size_t least) { return [=](Decoder& in) { in.read_count(least); }; };
  EXPECT_EQ(refusal(bytes_of({2, 0, 0}), count(1)), "read");
  EXPECT_NE(refusal(bytes_of({3, 0, 0}), count(1)), "read");
  EXPECT_NE(refusal(bytes_of({2, 0, 0}), count(2)), "read");
  EXPECT_EQ(refusal(bytes_of({2, 0, 0}), count(0)), "read") << "0 counts as 1";
  EXPECT_NE(refusal(bytes_of({3, 0, 0}), count(0)), "read");
}

TEST(Decoder, takes_one_form_of_each_count) {
  const auto count = [](Decoder& in) { in.read_count(1); };
  EXPECT_NE(refusal(bytes_of({0x80, 0}), count), "read") << "0 in two bytes";
  EXPECT_NE(refusal(bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}), count), "read") << "65 bits";
  EXPECT_NE(refusal(bytes_of({0x80}), count), "read") << "it ends within";
}

TEST(Decoder, reads_bits_eight_to_a_byte) {
  Decoder in(bytes_of({11, 0b10000101, 0b00000010}));
  const Bytes kept = bytes_of({11, 0b10000101, 0b00000010});
  Decoder again(kept);
  const Decoder::Bits bits = again.read_bits();
  ASSERT_EQ(bits.count, 11U);
  EXPECT_TRUE(bits[0] && bits[2] && bits[7] && bits[9]);
  EXPECT_FALSE(bits[1] || bits[8] || bits[10]);
  again.expect_end();
  const auto read = [](Decoder& decoder) { decoder.read_bits(); };
  EXPECT_NE(refusal(bytes_of({11, 0}), read), "read") << "too few bytes";
  EXPECT_NE(refusal(bytes_of({11, 0, 0b1000}), read), "read") << "a bit behind the last one";
  EXPECT_EQ(refusal(bytes_of({0}), read), "read");
  EXPECT_NE(refusal(bytes_of({64, 0, 0, 0, 0, 0, 0, 0, 0}), read, {.memory = 8}), "read");
}

TEST(Decoder, charges_memory_and_items_before_they_are_made) {
  const Bytes none;
  EXPECT_EQ(refusal(none, [](Decoder& in) { in.charge(10, 10); }, {.memory = 100}), "read");
  EXPECT_NE(refusal(none, [](Decoder& in) { in.charge(10, 10), in.charge(1, 1); }, {.memory = 100}), "read");
  EXPECT_NE(refusal(none, [](Decoder& in) { in.charge(SIZE_MAX, 2); }), "read") << "the product does not fit";
  EXPECT_NE(refusal(none, [](Decoder& in) { in.charge_each(6, 1); }, {.items = 5}), "read");
  EXPECT_EQ(refusal(none, [](Decoder& in) { in.charge_each(5, 1); }, {.items = 5}), "read");
}

TEST(Decoder, counts_levels_and_gives_them_back) {
  Decoder in({}, {.depth = 2});
  for (int i = 0; i < 3; ++i) {
    const Decoder::Nested one(in);
    const Decoder::Nested two(in);
    EXPECT_THROW(Decoder::Nested three(in), DecodeError);
  }
}

TEST(Decoder, opens_by_name_for_the_family_only) {
  EXPECT_NE(refusal({}, [](Decoder& in) { in.expect_names_allowed(); }), "read");
  EXPECT_EQ(refusal({}, [](Decoder& in) { in.expect_names_allowed(); }, DecodeLimits::within_family()), "read");
}

TEST(CarriedDescriptors, are_the_takers_once_and_closed_otherwise) {
  const int first = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int second = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CarriedDescriptors carried({first, second});
  Decoder in({});
  in.bring(carried);
  EXPECT_EQ(in.take_descriptor(0), first);
  EXPECT_THROW((void)in.take_descriptor(0), DecodeError);
  EXPECT_THROW((void)in.take_descriptor(2), DecodeError);
  in.expect_end();
  EXPECT_EQ(::fcntl(second, F_GETFD), -1) << "nobody took it";
  EXPECT_NE(::fcntl(first, F_GETFD), -1);
  ::close(first);
}

}  // namespace
}  // namespace cohort
