// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/cgroup.hpp"

namespace cohort::os {

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

namespace {
#ifdef MFD_NOEXEC_SEAL
constexpr unsigned kNoExecSeal = MFD_NOEXEC_SEAL;
#else
constexpr unsigned kNoExecSeal = 0x0008U;  // the C library is older than the flag
#endif
}  // namespace

Fd make_memory(const char* name, std::uint64_t size) {
  // ftruncate above RLIMIT_FSIZE raises SIGXFSZ, which kills: ask first.
  rlimit file_size{};
  if (::getrlimit(RLIMIT_FSIZE, &file_size) == 0 && file_size.rlim_cur != RLIM_INFINITY && size > file_size.rlim_cur)
    throw OsError(EFBIG, "memfd_create", name);
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  // Memory that anybody may write to is not to be executed as a program. Before Linux 6.3 there is no such flag
  // (EINVAL).
  Fd fd(::memfd_create(name, kFlags | kNoExecSeal));
  if (!fd && errno == EINVAL) fd = Fd(::memfd_create(name, kFlags));
  fd = above_standard_streams(std::move(fd));
  if (!fd) throw_errno("memfd_create", name);
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) throw_errno("ftruncate", name);
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    throw_errno("fcntl(F_ADD_SEALS)", name);
  return fd;
}

std::uint64_t memory_size(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) throw_errno("fstat", std::to_string(fd));
  return static_cast<std::uint64_t>(info.st_size);
}

bool memory_is_sealed(int fd) noexcept {
  constexpr int kFixedSize = F_SEAL_SHRINK | F_SEAL_GROW;
  int saved = errno;
  int seals = ::fcntl(fd, F_GET_SEALS);
  errno = saved;
  return seals >= 0 && (seals & kFixedSize) == kFixedSize;
}

// Memory objects all live on one file system of the kernel's own, so the inode's number tells them apart.
std::uint64_t memory_number(int fd) noexcept {
  struct stat info{};
  int saved = errno;
  bool known = ::fstat(fd, &info) == 0;
  errno = saved;
  return known ? static_cast<std::uint64_t>(info.st_ino) : 0;
}

bool is_memory(int fd, std::uint64_t number) noexcept {
  return number != 0 && memory_number(fd) == number && memory_is_sealed(fd);
}

bool read_memory(int fd, std::uint64_t offset, std::span<std::byte> bytes) noexcept {
  int saved = errno;
  ssize_t got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  errno = saved;
  return got == static_cast<ssize_t>(bytes.size());
}

std::uint64_t memory_resident(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) throw_errno("fstat", std::to_string(fd));
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

std::byte* reserve_address_space(std::size_t size) noexcept {
  void* address = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? nullptr : static_cast<std::byte*>(address);
}

void release_address_space(std::byte* address, std::size_t size) noexcept { ::munmap(address, size); }

void map_shared(std::byte* address, int fd, std::uint64_t offset, std::size_t size) {
  // The bare system call: two threads may map the same bytes of the same file at once, one while the other uses them
  // already. The kernel makes one mapping of it; the thread sanitizer would take the second one for a write.
  if (::syscall(SYS_mmap, address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, offset) == -1)
    throw_errno("mmap", std::to_string(size) + " bytes of shared memory");
  // A core dump would otherwise touch, and so allocate, every page of every window.
  ::madvise(address, size, MADV_DONTDUMP);
}

void discard(int fd, std::uint64_t offset, std::uint64_t size) noexcept {
  int saved = errno;
  ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size));
  errno = saved;
}

void* map_wiped_on_fork_page() noexcept {
  void* page = ::mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, page_size(), MADV_WIPEONFORK) != 0) {
    ::munmap(page, page_size());
    return nullptr;
  }
  return page;
}

namespace {

std::uint64_t soft_limit(decltype(RLIMIT_AS) resource) noexcept {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

}  // namespace

std::uint64_t address_space_limit() noexcept { return soft_limit(RLIMIT_AS); }
std::uint64_t file_size_limit() noexcept { return soft_limit(RLIMIT_FSIZE); }

std::uint64_t memory_limit() noexcept {
  auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return std::min(pages * page_size(), cgroup_memory_limit().value_or(UINT64_MAX));
}

}  // namespace cohort::os
