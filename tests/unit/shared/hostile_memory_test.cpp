// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Names in /dev/shm that are not memory, memory of strangers, and bytes of strangers that name memory.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/shared/shareable_list.hpp"
#include "cohort/shared/shared_memory.hpp"
#include "cohort/sync/lock.hpp"
#include "unit/shared/python.hpp"

namespace cohort {
namespace {

using namespace cohort::literals;
using test::UniqueName;

template <class F>
std::error_code os_error_of(F f) {
  try {
    f();
  } catch (const OsError& error) { return error.code(); }
  return {};
}

// A name in /dev/shm that goes with this object, whatever has it.
struct Place {
  Place() : name(UniqueName().text()), path("/dev/shm/" + name) {}
  ~Place() {
    ::unlink(path.c_str());
    ::rmdir(path.c_str());
  }
  [[nodiscard]] blkcnt_t blocks() const {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_blocks;
  }
  void make_sparse(off_t size) const {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(::ftruncate(fd, size), 0);
    EXPECT_EQ(::fchmod(fd, 0666), 0);
    ::close(fd);
  }
  std::string name;
  std::string path;
};

// Each is to be told at once: the FIFO has nobody at its other end.
TEST(HostileMemory, that_is_no_regular_file_is_not_opened) {
  const std::map<std::string, std::function<int(const char*)>> kinds{
      {"a FIFO", [](const char* path) { return ::mkfifo(path, 0666); }},
      {"a directory", [](const char* path) { return ::mkdir(path, 0777); }},
      {"a symbolic link", [](const char* path) { return ::symlink("/etc/passwd", path); }},
      {"a dangling link", [](const char* path) { return ::symlink("/nowhere", path); }},
      {"a socket", [](const char* path) { return ::mknod(path, S_IFSOCK | 0666, 0); }},
      {"a device", [](const char* path) { return ::mknod(path, S_IFCHR | 0666, makedev(1, 5)); }},
  };
  for (const auto& [what, make] : kinds) {
    SCOPED_TRACE(what);
    Place place;
    if (make(place.path.c_str()) != 0) continue;  // devices are for root
    auto expected = what.ends_with("link") ? std::errc::too_many_symbolic_link_levels : std::errc::invalid_argument;
    for (bool read_only : {true, false}) {
      AttachOptions options{.read_only = read_only, .any_owner = true};
      EXPECT_EQ(os_error_of([&] { (void)SharedMemory::attach(place.name, options); }), expected);
      EXPECT_EQ(os_error_of([&] { (void)ShareableList::attach(place.name, options); }), expected);
    }
    EXPECT_EQ(os_error_of([&] { (void)SharedMemory::create(place.name, 16_B); }), std::errc::file_exists);
  }
}

TEST(HostileMemory, of_another_user_is_neither_opened_nor_paid_for) {
  Place place;
  place.make_sparse(1 << 20);
  if (::chown(place.path.c_str(), 54'321, 54'321) != 0) GTEST_SKIP() << "only root can make memory of another user";
  for (bool read_only : {true, false})
    EXPECT_EQ(os_error_of([&] { (void)SharedMemory::attach(place.name, {.read_only = read_only}); }),
              std::errc::permission_denied);
  EXPECT_EQ(os_error_of([&] { (void)ShareableList::attach(place.name); }), std::errc::permission_denied);
  EXPECT_EQ(place.blocks(), 0);
  auto allowed = SharedMemory::attach(place.name, {.any_owner = true});
  EXPECT_EQ(allowed.size(), std::size_t{1} << 20);
  EXPECT_EQ(place.blocks(), 0) << "what its owner has not filled is not filled by us";
}

TEST(HostileMemory, of_this_user_has_its_pages_before_a_store_needs_them) {
  Place place;
  place.make_sparse(1 << 20);
  auto memory = SharedMemory::attach(place.name);
  EXPECT_GE(place.blocks() * 512, 1 << 20);
}

TEST(HostileMemory, is_not_opened_because_bytes_name_it) {
  auto named = SharedMemory::create("", 16_B);
  SharedMemory anonymous(16_B);
  Lock lock;
  ShareableList list{1, 2};
  const std::vector<std::byte> by_name = encode(named);
  const std::vector<std::byte> by_handle = encode(anonymous);
  const std::vector<std::byte> of_a_lock = encode(lock);
  EXPECT_THROW((void)decode<SharedMemory>(by_name), DecodeError);
  EXPECT_THROW((void)decode<SharedMemory>(by_handle), DecodeError);
  EXPECT_THROW((void)decode<ShareableList>(encode(list)), DecodeError);
  EXPECT_THROW((void)decode<Lock>(of_a_lock), DecodeError);
  EXPECT_THROW((void)decode<std::vector<Lock>>(encode(std::vector<Lock>{lock})), DecodeError);
  EXPECT_EQ(decode<SharedMemory>(by_name, {.names = true}), named);
  EXPECT_EQ(decode<SharedMemory>(by_handle, {.names = true}), anonymous);
  EXPECT_EQ(decode<Lock>(of_a_lock, {.names = true}), lock);
  named.unlink();
}

}  // namespace
}  // namespace cohort
