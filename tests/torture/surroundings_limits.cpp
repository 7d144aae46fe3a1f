// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "torture/surroundings_limits.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace cohort::torture {

namespace {

constexpr rlim_t kPage = 4096;

// Bytes of address space, and of private memory that can be written to.
struct Used {
  rlim_t address_space = 0;
  rlim_t data = 0;
};
Used used_now() {
  Used used;
  unsigned long size = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu %lu %lu %lu %lu %lu", &size, &resident, &shared, &text, &library, &data) == 6)
      used = {size * kPage, data * kPage};
    std::fclose(file);
  }
  return used;
}

}  // namespace

void RoundLimits::set(__rlimit_resource which, rlim_t soft) {
  rlimit limit{};
  ::getrlimit(which, &limit);
  limit.rlim_cur = std::min<rlim_t>(soft, limit.rlim_max);
  ::setrlimit(which, &limit);
}

// The limit below which so many numbers are free.
rlim_t RoundLimits::descriptors_with(rlim_t free) const {
  rlim_t fd = plan_.has(Surrounding::standard_closed) ? 0 : 3;
  for (;; ++fd) {
    if (::fcntl(static_cast<int>(fd), F_GETFD) >= 0) continue;
    if (free-- == 0) return fd;
  }
}

void RoundLimits::set_from_the_start() {
  if (plan_.has(Surrounding::stack)) set(RLIMIT_STACK, (128 + random_() % 512) << 10);
  if (plan_.has(Surrounding::file_size)) {
    constexpr rlim_t kSizes[] = {0, 1, 4096, 1 << 20, 16 << 20, 64 << 20, 1 << 30, rlim_t{4} << 30};
    set(RLIMIT_FSIZE, kSizes[random_() % std::size(kSizes)]);
  }
  if (plan_.has(Surrounding::address_space) && random_() % 2 == 0)
    set(RLIMIT_AS, (64 + random_() % (random_() % 2 == 0 ? 256 : 4096)) << 20);
}

void RoundLimits::set_in_the_middle() {
  if (plan_.has(Surrounding::descriptors)) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    set(RLIMIT_NOFILE, limit.rlim_max);
    set(RLIMIT_NOFILE, descriptors_with(random_() % 9));
  }
  if (plan_.has(Surrounding::processes)) set(RLIMIT_NPROC, 1 + random_() % 6);
  Used used = used_now();
  if (plan_.has(Surrounding::data)) set(RLIMIT_DATA, used.data + random_() % (random_() % 2 == 0 ? 1 << 20 : 12 << 20));
  if (plan_.has(Surrounding::address_space))
    set(RLIMIT_AS, used.address_space + random_() % (random_() % 2 == 0 ? 4 << 20 : 64 << 20));
}

void RoundLimits::tighten() {
  if (plan_.has(Surrounding::descriptors) && random_() % 2 == 0) set(RLIMIT_NOFILE, random_() % 8);
}

void RoundLimits::raise() {
  for (auto which : {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK, RLIMIT_FSIZE})
    set(which, RLIM_INFINITY);
}

ProcessorWait::ProcessorWait() : fd_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

std::chrono::nanoseconds ProcessorWait::now() const {
  char text[96] = {};
  unsigned long long ran = 0, waited = 0;
  if (fd_ < 0 || ::pread(fd_, text, sizeof(text) - 1, 0) <= 0) return {};
  std::sscanf(text, "%llu %llu", &ran, &waited);
  return std::chrono::nanoseconds(waited);
}

std::map<int, std::string> open_descriptors() {
  std::map<int, std::string> open;
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return open;
  while (const dirent* entry = ::readdir(directory)) {
    int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == ::dirfd(directory)) continue;
    char name[PATH_MAX];
    ssize_t length = ::readlinkat(::dirfd(directory), entry->d_name, name, sizeof(name));
    open[fd] = length < 0 ? std::string() : std::string(name, static_cast<std::size_t>(length));
  }
  ::closedir(directory);
  return open;
}

}  // namespace cohort::torture
