// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/family_encoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "cohort/wire/codec.hpp"

namespace cohort::detail {
namespace {

class FamilyEncoderTest : public testing::Test {
 protected:
  family::Family& family = family::Family::instance();
  family::MemberId self = family.self();
  std::array<std::byte, 32> place{};

  std::string text_in(family::Offset block, std::size_t size) {
    std::byte* bytes = family.address(block, size);
    return decode<std::string>({bytes, size});
  }
};

TEST_F(FamilyEncoderTest, keeps_a_small_message_in_its_place) {
  FamilyEncoder out(place, self);
  Codec<std::string>::encode(out, "small");
  EXPECT_EQ(out.take_block(), 0u);
  EXPECT_EQ(decode<std::string>(std::span(place).first(out.size())), "small");
}

TEST_F(FamilyEncoderTest, moves_a_growing_message_to_one_block_and_keeps_what_was_written) {
  FamilyEncoder out(place, self);
  std::vector<std::string> words(100, std::string(50, 'w'));
  Codec<std::vector<std::string>>::encode(out, words);
  std::size_t size = out.size();
  family::Offset block = out.take_block();
  ASSERT_NE(block, 0u);
  EXPECT_EQ(family.owner(block), self);
  EXPECT_EQ(decode<std::vector<std::string>>({family.address(block, size), size}), words);
  family.free(block);
}

TEST_F(FamilyEncoderTest, frees_its_block_when_nobody_takes_it) {
  auto before = family.statistics().in_use;
  {
    FamilyEncoder out({}, self);
    Codec<std::string>::encode(out, std::string(10'000, 'x'));
    EXPECT_NE(family.statistics().in_use, before);
  }
  EXPECT_EQ(family.statistics().in_use, before);
}

}  // namespace
}  // namespace cohort::detail
