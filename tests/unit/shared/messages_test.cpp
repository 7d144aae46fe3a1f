// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What errors say: each names the call that the user made, first.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/shared/array.hpp"
#include "cohort/shared/shared_memory.hpp"

namespace cohort {
namespace {

std::string complaint_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) { return error.what(); }
  return "nothing";
}

TEST(Messages, of_memory_that_may_not_be_written_name_the_call) {
  const std::string name = "cohort-messages-" + std::to_string(getpid());
  SharedMemory made = SharedMemory::create(name, Bytes{64});
  SharedMemory read = SharedMemory::attach(name, {.read_only = true});
  EXPECT_EQ(complaint_of([&] { (void)read.buf(); }).find("SharedMemory.buf: " + name + ": "), 0U);
  EXPECT_EQ(complaint_of([&] { (void)read.as<int>(); }).find("SharedMemory.as: " + name + ": "), 0U);
  SharedMemory::unlink(name);
}

TEST(Messages, of_a_text_that_is_too_long_name_the_call) {
  Array<char> letters(3);
  EXPECT_EQ(complaint_of([&] { letters.set_raw("abcd"); }).find("Array.set_raw: 4: "), 0U);
}

}  // namespace
}  // namespace cohort
