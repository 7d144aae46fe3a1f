// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/named_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/memory.hpp"

namespace cohort::os {

namespace {

// Where shm_open() of glibc and musl keeps names.
constexpr const char* kDirectory = "/dev/shm";

void set_size(int fd, std::uint64_t size, const std::string& name) {
  // ftruncate above RLIMIT_FSIZE raises SIGXFSZ, which kills: ask first.
  if (size > file_size_limit() || size > static_cast<std::uint64_t>(INT64_MAX)) throw OsError(EFBIG, "ftruncate", name);
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) throw_errno("ftruncate", name);
}

// A file without a name, which is given one when it is whole. Empty where the file system has no such files.
Fd create_unnamed(const std::string& name) {
  Fd fd(::open(kDirectory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
    throw_errno("shm_open", name);
  return fd ? above_standard_streams(std::move(fd)) : Fd();
}

// False when /proc is not there, or the kernel refuses.
bool give_name(int fd, const std::string& name) {
  std::string place = std::string(kDirectory) + "/" + name;
  std::string self = "/proc/self/fd/" + std::to_string(fd);
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, place.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno == EEXIST || errno == ENAMETOOLONG || errno == ENOSPC) throw_errno("shm_open", name);
  return false;
}

void fill(int fd, std::uint64_t size, std::span<const std::byte> contents, const std::string& name) {
  set_size(fd, size, name);
  reserve_memory(fd, size, name);
  if (!contents.empty()) write_full(fd, contents);
}

Fd create_in_place(const std::string& name, std::uint64_t size, std::span<const std::byte> contents) {
  std::string place = "/" + name;
  Fd fd(::shm_open(place.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  if (!fd) throw_errno("shm_open", name);
  fd = above_standard_streams(std::move(fd));
  try {
    fill(fd.get(), size, contents, name);
  } catch (...) {
    ::shm_unlink(place.c_str());
    throw;
  }
  return fd;
}

}  // namespace

Fd create_named_memory(const std::string& name, std::uint64_t size, std::span<const std::byte> contents) {
  Fd fd = create_unnamed(name);
  if (fd) {
    fill(fd.get(), size, contents, name);
    if (give_name(fd.get(), name)) return fd;
    fd.reset();  // its pages go before others are taken
  }
  return create_in_place(name, size, contents);
}

namespace {

bool owner_is_trusted(const struct stat& info) noexcept { return info.st_uid == ::geteuid() || info.st_uid == 0; }

void check_memory(const struct stat& info, bool any_owner, const std::string& name) {
  if (S_ISLNK(info.st_mode)) throw OsError(ELOOP, "shm_open", name + ": a symbolic link");
  if (!S_ISREG(info.st_mode)) throw OsError(EINVAL, "shm_open", name + ": not memory, but another kind of file");
  if (!any_owner && !owner_is_trusted(info))
    throw OsError(EACCES, "shm_open", name + ": memory of user " + std::to_string(info.st_uid));
}

}  // namespace

Fd open_named_memory(const std::string& name, OpenMemoryOptions options) {
  std::string place = std::string(kDirectory) + "/" + name;
  struct stat info{};
  // Before the opening, which alone has an effect on devices; and after it, as the name may be another file's by then.
  if (::lstat(place.c_str(), &info) != 0) throw_errno("shm_open", name);
  check_memory(info, options.any_owner, name);
  int flags = (options.read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd fd;
  do { fd = Fd(::open(place.c_str(), flags)); } while (!fd && errno == EINTR);
  if (!fd) throw_errno("shm_open", name);
  fd = above_standard_streams(std::move(fd));
  if (::fstat(fd.get(), &info) != 0) throw_errno("fstat", name);
  check_memory(info, options.any_owner, name);
  return fd;
}

bool is_own_memory(int fd) noexcept {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && owner_is_trusted(info);
}

void unlink_named_memory(const std::string& name) {
  if (::shm_unlink(("/" + name).c_str()) != 0) throw_errno("shm_unlink", name);
}

void grow_memory(int fd, std::uint64_t size, const std::string& name) {
  std::uint64_t before = memory_size(fd);
  if (size <= before) return;
  set_size(fd, size, name);
  // What was added and cannot be had is not left for somebody to fall over.
  try {
    reserve_memory(fd, size, name);
  } catch (...) {
    if (::ftruncate(fd, static_cast<off_t>(before)) != 0) {}  // the first failure is the one to report
    throw;
  }
}

void reserve_memory(int fd, std::uint64_t size, const std::string& name) {
  // What cannot be had is told beforehand, not after all that there is has been taken. A file system without a limit
  // of its own has no blocks.
  struct statvfs room{};
  std::uint64_t present = memory_resident(fd);
  if (::fstatvfs(fd, &room) == 0 && room.f_blocks != 0 && size > present &&
      (size - present) / room.f_frsize > room.f_bavail)
    throw OsError(ENOSPC, "fallocate", name);
  // In pieces: a signal undoes the whole call, and one that takes longer than a timer's period would never end.
  constexpr std::uint64_t kPiece = std::uint64_t{16} << 20;
  for (std::uint64_t at = 0; at < size;) {
    std::uint64_t piece = std::min(kPiece, size - at);
    if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(at), static_cast<off_t>(piece)) == 0) {
      at += piece;
    } else if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM) {
      return;  // not a tmpfs, or sealed: what it has it has
    } else if (errno != EINTR) {
      throw_errno("fallocate", name);
    }
  }
}

MemoryMapping::MemoryMapping(int fd, std::uint64_t size, bool read_only) {
  int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* place = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) throw_errno("mmap", std::to_string(size) + " bytes of shared memory");
  ::madvise(place, size, MADV_DONTDUMP);
  data_ = static_cast<std::byte*>(place);
  size_ = size;
}

MemoryMapping::MemoryMapping(MemoryMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MemoryMapping& MemoryMapping::operator=(MemoryMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MemoryMapping::~MemoryMapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

bool advise_huge_pages(std::byte* data, std::size_t size) noexcept {
  int saved = errno;
  bool allowed = false;
  // The chosen word stands in brackets: "always within_size advise [never] deny force".
  int fd = ::open("/sys/kernel/mm/transparent_hugepage/shmem_enabled", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char text[128];
    ssize_t n = ::read(fd, text, sizeof text);
    ::close(fd);
    std::string_view words(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    allowed = !words.empty() && words.find("[never]") == std::string_view::npos &&
              words.find("[deny]") == std::string_view::npos;
  }
  allowed = ::madvise(data, size, MADV_HUGEPAGE) == 0 && allowed;
  errno = saved;
  return allowed;
}

}  // namespace cohort::os
