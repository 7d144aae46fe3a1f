// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/family/family_memory.hpp"
#include "family/family.hpp"
#include "unit/shared/python.hpp"

namespace cohort {
namespace {

using namespace cohort::literals;
using test::python;
using test::UniqueName;

template <class F>
std::error_code os_error_of(F f) {
  try {
    f();
  } catch (const OsError& error) { return error.code(); }
  return {};
}

TEST(SharedMemory, is_anonymous_zeroed_and_shared_by_copies) {
  SharedMemory memory(10'000_B);
  EXPECT_TRUE(memory.is_anonymous());
  EXPECT_EQ(memory.name(), "");
  EXPECT_EQ(memory.size(), 10'000U);
  EXPECT_TRUE(std::ranges::all_of(memory.buf(), [](std::byte b) { return b == std::byte{0}; }));
  SharedMemory copy = memory;
  copy.buf()[9'999] = std::byte{7};
  EXPECT_EQ(memory.buf()[9'999], std::byte{7});
  EXPECT_EQ(copy, memory);
  EXPECT_NE(SharedMemory(1_B), memory);
}

TEST(SharedMemory, is_zeroed_where_memory_is_used_again) {
  for (int i = 0; i < 3; ++i) {
    SharedMemory memory(5'000_B);
    ASSERT_TRUE(std::ranges::all_of(memory.view(), [](std::byte b) { return b == std::byte{0}; }));
    std::memset(memory.buf().data(), 0xFF, memory.size());
  }
}

TEST(SharedMemory, gives_its_block_back_with_the_last_handle) {
  SharedMemory first(1_B);
  auto before = family_memory_statistics();
  {
    SharedMemory memory(3_MiB);
    SharedMemory copy = memory;
    memory.close();
    EXPECT_TRUE(memory.is_null());
    EXPECT_EQ(copy.buf().size(), Bytes(3_MiB).count);
    EXPECT_GT(family_memory_statistics().in_use, before.in_use);
  }
  auto after = family_memory_statistics();
  EXPECT_EQ(after.in_use, before.in_use);
  EXPECT_EQ(after.blocks, before.blocks);
}

TEST(SharedMemory, keeps_old_bytes_and_old_spans_when_anonymous_memory_is_resized) {
  SharedMemory memory(100_B);
  SharedMemory other = memory;
  auto before = memory.buf();
  std::memset(before.data(), 'a', 100);
  memory.resize(5_MiB);
  EXPECT_EQ(other.size(), Bytes(5_MiB).count);
  EXPECT_EQ(other.buf()[99], std::byte{'a'});
  EXPECT_EQ(other.buf()[100], std::byte{0});
  EXPECT_EQ(other.buf()[other.size() - 1], std::byte{0});
  EXPECT_EQ(before[0], std::byte{'a'});
  other.buf()[50] = std::byte{'x'};
  memory.resize(50_B);
  EXPECT_EQ(other.size(), 50U);
  memory.resize(100_B);
  EXPECT_EQ(other.buf()[50], std::byte{0});  // cut off, and new
  EXPECT_EQ(other.buf()[49], std::byte{'a'});
}

TEST(SharedMemory, says_what_it_cannot_be) {
  EXPECT_THROW(SharedMemory(0_B), ValueError);
  EXPECT_THROW(SharedMemory(Bytes(std::uint64_t{1} << 60)), ValueError);
  EXPECT_THROW(SharedMemory(Bytes(std::uint64_t{1} << 50)), OutOfFamilyMemory);
  SharedMemory memory(64_B);
  EXPECT_THROW(memory.resize(0_B), ValueError);
  EXPECT_THROW(memory.resize(Bytes(std::uint64_t{1} << 50)), OutOfFamilyMemory);
  EXPECT_EQ(memory.size(), 64U);
  EXPECT_THROW(memory.unlink(), StateError);
  SharedMemory moved = std::move(memory);
  EXPECT_THROW((void)memory.buf(), ClosedError);
  EXPECT_THROW((void)SharedMemory(null_handle).view(), ClosedError);
  EXPECT_THROW(SharedMemory(null_handle).unlink(), ClosedError);
  EXPECT_THROW((void)encode(SharedMemory(null_handle)), EncodeError);
}

TEST(SharedMemory, opens_by_name_in_the_size_it_has) {
  UniqueName name;
  auto made = SharedMemory::create(name, 5'000_B);
  EXPECT_EQ(made.name(), name.text());
  EXPECT_FALSE(made.is_anonymous());
  auto opened = SharedMemory::attach("/" + name.text());
  EXPECT_EQ(opened.name(), name.text());
  EXPECT_EQ(opened.size(), 5'000U);
  made.buf()[4'999] = std::byte{9};
  EXPECT_EQ(opened.buf()[4'999], std::byte{9});
  EXPECT_EQ(opened, made);
  struct stat info{};
  ASSERT_EQ(::stat(("/dev/shm/" + name.text()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(made.to_string(), "SharedMemory('" + name.text() + "', size=5000)");
}

TEST(SharedMemory, chooses_a_name_as_python_does) {
  auto memory = SharedMemory::create("", 1_B);
  ASSERT_EQ(memory.name().size(), 12U);
  EXPECT_TRUE(memory.name().starts_with("psm_"));
  EXPECT_EQ(memory.name().find_first_not_of("0123456789abcdef", 4), std::string::npos);
  memory.unlink();
}

TEST(SharedMemory, unlinks_only_when_told_and_once) {
  UniqueName name;
  {
    auto made = SharedMemory::create(name, 8_B);
    auto opened = SharedMemory::attach(name);
  }
  auto memory = SharedMemory::attach(name);  // all handles are gone, the memory is not
  memory.buf()[0] = std::byte{3};
  memory.unlink();
  EXPECT_EQ(memory.buf()[0], std::byte{3});
  EXPECT_EQ(os_error_of([&] { memory.unlink(); }), std::errc::no_such_file_or_directory);
  EXPECT_EQ(os_error_of([&] { SharedMemory::unlink(name); }), std::errc::no_such_file_or_directory);
  EXPECT_EQ(os_error_of([&] { (void)SharedMemory::attach(name); }), std::errc::no_such_file_or_directory);
}

TEST(SharedMemory, refuses_a_name_that_is_taken_or_is_none) {
  UniqueName name;
  auto made = SharedMemory::create(name, 8_B);
  EXPECT_EQ(os_error_of([&] { (void)SharedMemory::create(name, 8_B); }), std::errc::file_exists);
  EXPECT_EQ(made.size(), 8U);
  for (std::string bad : {std::string("a\0b", 3), std::string("a/b"), std::string("/"), std::string("//a"),
                          std::string("."), std::string(".."), std::string(255, 'x')}) {
    EXPECT_THROW((void)SharedMemory::create(bad, 8_B), ValueError) << bad;
    EXPECT_THROW((void)SharedMemory::attach(bad), ValueError) << bad;
  }
  EXPECT_THROW((void)SharedMemory::attach(""), ValueError);
  EXPECT_THROW((void)SharedMemory::create(name, 0_B), ValueError);
}

TEST(SharedMemory, refuses_memory_that_has_no_size_yet) {
  UniqueName name;
  int fd = ::shm_open(("/" + name.text()).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  ASSERT_GE(fd, 0);
  EXPECT_THROW((void)SharedMemory::attach(name), ValueError);
  ::close(fd);
}

TEST(SharedMemory, throws_when_there_is_no_room_and_leaves_no_name) {
  UniqueName name;
  auto space = std::filesystem::space("/dev/shm");
  EXPECT_EQ(os_error_of([&] { (void)SharedMemory::create(name, Bytes(space.capacity * 2)); }),
            std::errc::no_space_on_device);
  EXPECT_FALSE(std::filesystem::exists("/dev/shm/" + name.text()));
  auto small = SharedMemory::create(name, 4_KiB);
  EXPECT_EQ(os_error_of([&] { small.resize(Bytes(space.capacity * 2)); }), std::errc::no_space_on_device);
  EXPECT_EQ(small.size(), 4'096U);
  EXPECT_EQ(std::filesystem::file_size("/dev/shm/" + name.text()), 4'096U);
}

TEST(SharedMemory, fills_the_holes_of_what_it_attaches) {
  UniqueName name;
  int fd = ::shm_open(("/" + name.text()).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  ASSERT_EQ(::ftruncate(fd, 1 << 20), 0);
  auto memory = SharedMemory::attach(name);
  struct stat info{};
  ASSERT_EQ(::fstat(fd, &info), 0);
  EXPECT_EQ(info.st_blocks * 512, 1 << 20);
  ::close(fd);
}

TEST(SharedMemory, obeys_the_limit_of_file_sizes_without_a_signal) {
  UniqueName name;
  pid_t child = ::fork();
  if (child == 0) {
    rlimit limit{1 << 16, 1 << 16};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto code = os_error_of([&] { (void)SharedMemory::create(name, 1_MiB); });
    ::_exit(code == std::errc::file_too_large ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SharedMemory, read_only_lets_look_and_not_write) {
  UniqueName name;
  auto made = SharedMemory::create(name, 16_B);
  made.buf()[3] = std::byte{4};
  auto looking = SharedMemory::attach(name, {.read_only = true});
  EXPECT_TRUE(looking.is_read_only());
  EXPECT_EQ(looking.view()[3], std::byte{4});
  EXPECT_THROW((void)looking.buf(), StateError);
  EXPECT_THROW(looking.resize(32_B), StateError);
  auto decoded = decode<SharedMemory>(encode(looking), DecodeLimits::within_family());
  EXPECT_TRUE(decoded.is_read_only());
  // The pages themselves are protected, not only the interface.
  pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGSEGV, [](int) { ::_exit(42); });
    *const_cast<volatile std::byte*>(looking.view().data()) = std::byte{1};
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

TEST(SharedMemory, grows_by_name_and_others_see_it_after_a_refresh) {
  UniqueName name;
  auto made = SharedMemory::create(name, 1_KiB);
  auto other = SharedMemory::attach(name);
  auto before = made.buf();
  before[0] = std::byte{1};
  made.resize(1_MiB);
  EXPECT_EQ(made.size(), Bytes(1_MiB).count);
  EXPECT_EQ(before[0], std::byte{1});
  EXPECT_EQ(other.size(), 1'024U);
  other.refresh();
  ASSERT_EQ(other.size(), Bytes(1_MiB).count);
  made.buf()[1'000'000] = std::byte{5};
  EXPECT_EQ(other.buf()[1'000'000], std::byte{5});
  EXPECT_THROW(made.resize(10_B), ValueError);
}

TEST(SharedMemory, travels_by_handle_or_by_name) {
  SharedMemory anonymous(100_B);
  anonymous.buf()[1] = std::byte{1};
  EXPECT_EQ(decode<SharedMemory>(encode(anonymous), DecodeLimits::within_family()), anonymous);
  UniqueName name;
  auto named = SharedMemory::create(name, 100_B);
  auto bytes = encode(named);
  EXPECT_EQ(decode<SharedMemory>(bytes, DecodeLimits::within_family()), named);
  named.unlink();
  EXPECT_EQ(os_error_of([&] { (void)decode<SharedMemory>(bytes, DecodeLimits::within_family()); }),
            std::errc::no_such_file_or_directory);
  bytes[0] = std::byte{9};
  EXPECT_THROW((void)decode<SharedMemory>(bytes, DecodeLimits::within_family()), DecodeError);
}

TEST(SharedMemory, shows_its_bytes_as_items) {
  SharedMemory memory(100_B);
  std::span<double> items = memory.as<double>();
  EXPECT_EQ(items.size(), 12U);
  items[11] = 1.5;
  EXPECT_EQ(memory.as<double>()[11], 1.5);
}

TEST(SharedMemory, reports_whether_huge_pages_were_granted) {
  SharedMemory plain(4_MiB);
  EXPECT_FALSE(plain.huge_pages());
  SharedMemory huge(4_MiB, {.huge_pages = true});
  std::string setting = test::text_of("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  bool allowed =
      setting.find("[never]") == std::string::npos && setting.find("[deny]") == std::string::npos && !setting.empty();
  EXPECT_EQ(huge.huge_pages(), allowed);
  huge.buf()[0] = std::byte{1};
}

TEST(SharedMemory, is_the_same_bytes_for_python) {
  UniqueName name;
  auto memory = SharedMemory::create(name, 4'096_B);
  memory.buf()[0] = std::byte{'C'};
  auto result = python("m = open_memory('" + name.text() +
                       "')\n"
                       "print(m.size, bytes(m.buf[:1]))\n"
                       "m.buf[1:4] = b'abc'\n");
  EXPECT_EQ(result, "4096 b'C'\n");
  EXPECT_EQ(std::memcmp(memory.buf().data(), "Cabc", 4), 0);
}

TEST(SharedMemory, attaches_to_what_python_made) {
  UniqueName name;
  auto result = python("m = SharedMemory('" + name.text() + "', create=True, size=100)\nuntrack(m)\nm.buf[99] = 7\n");
  EXPECT_EQ(result, "");
  auto memory = SharedMemory::attach(name);
  EXPECT_EQ(memory.size(), 100U);
  EXPECT_EQ(memory.buf()[99], std::byte{7});
}

// Python before 3.13: what docs/reference/shared.md warns of. When this fails, the warning can go.
TEST(SharedMemory, is_unlinked_by_a_python_that_only_attached_and_did_not_untrack) {
  if (python("print(__import__('sys').version_info >= (3, 13))") == "True\n") GTEST_SKIP() << "has track=False";
  UniqueName name;
  auto memory = SharedMemory::create(name, 100_B);
  (void)python("SharedMemory('" + name.text() + "')\n");
  // The tracker ends after its Python.
  EXPECT_TRUE(test::eventually([&] { return !std::filesystem::exists("/dev/shm/" + name.text()); }));
  memory.buf()[0] = std::byte{1};  // still ours
}

}  // namespace
}  // namespace cohort
