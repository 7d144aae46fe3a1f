// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Descriptors beside a message: attached by an encoder, taken from a decoder.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {
namespace {

int some_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Descriptors, are_refused_unless_the_carrier_takes_them) {
  VectorEncoder out;
  try {
    (void)out.attach_descriptor({.number = 0, .keep = nullptr});
    FAIL();
  } catch (const EncodeError& error) {
    EXPECT_NE(std::string(error.what()).find("argument of a Process"), std::string::npos);
  }
  EXPECT_TRUE(out.take_descriptors().empty());
}

TEST(Descriptors, have_indexes_and_are_kept_until_they_are_taken) {
  VectorEncoder out;
  out.carry_descriptors(2);
  auto keep = std::make_shared<int>(0);
  EXPECT_EQ(out.attach_descriptor({.number = 5, .keep = keep}), 0U);
  EXPECT_EQ(out.attach_descriptor({.number = 5, .keep = keep}), 1U);
  EXPECT_THROW((void)out.attach_descriptor({.number = 6, .keep = keep}), EncodeError);
  EXPECT_EQ(keep.use_count(), 3);
  auto taken = out.take_descriptors();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[1].number, 5);
  EXPECT_THROW((void)out.attach_descriptor({.number = 5, .keep = nullptr}), EncodeError);
  taken.clear();
  EXPECT_EQ(keep.use_count(), 1);
}

TEST(Descriptors, are_taken_once_and_closed_when_nobody_takes_them) {
  int fds[] = {some_descriptor(), some_descriptor(), some_descriptor()};
  CarriedDescriptors carried({fds[0], fds[1], fds[2]});
  std::vector<std::byte> nothing;
  Decoder in(nothing);
  EXPECT_THROW((void)in.take_descriptor(0), DecodeError) << "none came";
  in.bring(carried);
  EXPECT_EQ(in.take_descriptor(1), fds[1]);
  EXPECT_THROW((void)in.take_descriptor(1), DecodeError);
  EXPECT_THROW((void)in.take_descriptor(3), DecodeError);
  EXPECT_TRUE(is_open(fds[0]));
  in.expect_end();
  EXPECT_FALSE(is_open(fds[0]));
  EXPECT_TRUE(is_open(fds[1]));
  EXPECT_FALSE(is_open(fds[2]));
  EXPECT_EQ(carried.take(0), -1);
  ::close(fds[1]);
}

TEST(Descriptors, go_with_their_table) {
  int first = some_descriptor();
  int second = some_descriptor();
  {
    CarriedDescriptors table({first});
    CarriedDescriptors other({second});
    other = std::move(table);
    EXPECT_FALSE(is_open(second));
    EXPECT_TRUE(is_open(first));
    CarriedDescriptors third(std::move(other));
    EXPECT_TRUE(is_open(first));
  }
  EXPECT_FALSE(is_open(first));
}

}  // namespace
}  // namespace cohort
