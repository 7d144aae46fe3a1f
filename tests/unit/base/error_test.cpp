// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The errors: their sentence, their parts, their places in the hierarchy.
#include "cohort/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <type_traits>

namespace cohort {
namespace {

TEST(Error, is_one_sentence_of_operation_subject_and_reason) {
  const StateError error("Process.start", "worker-1", "it was started before");
  EXPECT_STREQ(error.what(), "Process.start: worker-1: it was started before");
  EXPECT_EQ(error.operation(), "Process.start");
  EXPECT_EQ(error.subject(), "worker-1");
}

TEST(Error, without_a_subject_has_no_gap) {
  EXPECT_STREQ(TimeoutError("Pool.join", "", "too late").what(), "Pool.join: too late");
}

TEST(Error, is_a_value_that_may_be_copied_and_assigned) {
  const ValueError first("a", "b", "c");
  ValueError second = first;
  second = ValueError("d", "e", "f");
  EXPECT_STREQ(first.what(), "a: b: c");
  EXPECT_STREQ(second.what(), "d: e: f");
  static_assert(std::is_nothrow_copy_constructible_v<std::runtime_error>);
}

TEST(Error, of_each_kind_is_caught_as_error_and_as_runtime_error) {
  EXPECT_THROW(throw DecodeError("a", "", "b"), Error);
  EXPECT_THROW(throw Empty("a", "", "b"), std::runtime_error);
  static_assert(!std::is_base_of_v<Error, OsError>);
  static_assert(std::is_base_of_v<OsError, SpawnError>);
}

TEST(OsError, has_the_number_as_a_code_and_says_what_was_refused) {
  const OsError error(ENOENT, "open", "/no/such/file");
  EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(error.code().category(), std::generic_category());
  EXPECT_EQ(error.operation(), "open");
  EXPECT_EQ(error.subject(), "/no/such/file");
  const std::string text = error.what();
  EXPECT_EQ(text.find("open"), 0u) << text;
  EXPECT_NE(text.find("/no/such/file"), std::string::npos) << text;
}

TEST(ThrowErrno, takes_the_present_number) {
  errno = EPERM;
  try {
    throw_errno("kill", "17");
  } catch (const OsError& error) { EXPECT_EQ(error.code(), std::errc::operation_not_permitted); }
}

}  // namespace
}  // namespace cohort
