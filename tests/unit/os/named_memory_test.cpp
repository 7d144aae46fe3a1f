// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Memory with a name: it appears complete, and only for whom it is meant.
#include "os/named_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::os {
namespace {

class NamedMemory : public testing::Test {
 protected:
  ~NamedMemory() override { ::shm_unlink(("/" + name_).c_str()); }
  std::string name_ = "cohort-test-" + std::to_string(::getpid());
};

template <class F>
int error_of(F function) {
  try {
    function();
  } catch (const OsError& error) { return error.code().value(); }
  return 0;
}

TEST_F(NamedMemory, has_its_contents_and_zeroes_behind_them) {
  const std::string text = "abc";
  Fd made = create_named_memory(name_, 5000, std::as_bytes(std::span(text)));
  Fd opened = open_named_memory(name_, {});
  MemoryMapping mapping(opened.get(), 5000, true);
  ASSERT_EQ(mapping.size(), 5000u);
  EXPECT_EQ(std::memcmp(mapping.data(), "abc\0", 4), 0);
  EXPECT_EQ(mapping.data()[4999], std::byte{0});
  struct stat info{};
  ASSERT_EQ(::fstat(made.get(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_TRUE(is_own_memory(made.get()));
}

TEST_F(NamedMemory, takes_no_name_that_is_taken) {
  Fd made = create_named_memory(name_, 10);
  EXPECT_EQ(error_of([&] { (void)create_named_memory(name_, 10); }), EEXIST);
  unlink_named_memory(name_);
  EXPECT_EQ(error_of([&] { unlink_named_memory(name_); }), ENOENT);
  EXPECT_EQ(error_of([&] { (void)open_named_memory(name_, {}); }), ENOENT);
  EXPECT_EQ(memory_size(made.get()), 10u) << "who has it open keeps it";
}

TEST_F(NamedMemory, grows_and_keeps_what_it_holds) {
  const std::string text = "abc";
  Fd made = create_named_memory(name_, 3, std::as_bytes(std::span(text)));
  grow_memory(made.get(), 10'000, name_);
  MemoryMapping mapping(made.get(), 10'000, false);
  EXPECT_EQ(mapping.data()[2], std::byte{'c'});
  EXPECT_EQ(mapping.data()[9'999], std::byte{0});
  reserve_memory(made.get(), 10'000, name_);
}

TEST_F(NamedMemory, is_never_opened_when_it_is_no_regular_file) {
  ASSERT_EQ(::mkfifo(("/dev/shm/" + name_).c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { (void)open_named_memory(name_, {}); }), EINVAL) << "and nobody waited for a writer";
  ::unlink(("/dev/shm/" + name_).c_str());
  ASSERT_EQ(::symlink("/etc/passwd", ("/dev/shm/" + name_).c_str()), 0);
  EXPECT_EQ(error_of([&] { (void)open_named_memory(name_, {}); }), ELOOP);
  ::unlink(("/dev/shm/" + name_).c_str());
}

TEST_F(NamedMemory, of_another_user_is_opened_only_on_request) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Fd made = create_named_memory(name_, 10);
  ASSERT_EQ(::fchown(made.get(), 12345, 12345), 0);
  EXPECT_FALSE(is_own_memory(made.get()));
  EXPECT_EQ(error_of([&] { (void)open_named_memory(name_, {}); }), EACCES);
  EXPECT_TRUE(open_named_memory(name_, {.any_owner = true}));
}

TEST_F(NamedMemory, mapping_is_moved_and_unmapped_once) {
  Fd made = create_named_memory(name_, 4096);
  MemoryMapping first(made.get(), 4096, false);
  std::byte* data = first.data();
  MemoryMapping second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
  second = MemoryMapping();
  EXPECT_EQ(second.size(), 0u);
  EXPECT_EQ(::msync(data, 4096, MS_ASYNC), -1) << "it is not mapped any more";
}

}  // namespace
}  // namespace cohort::os
