// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/credentials.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "cohort/base/error.hpp"
#include "os/fd.hpp"

namespace cohort::os {

namespace {

// The descriptor of this process's namespaces in /proc, from the second question on: one that asks once keeps none. -1: ask by path.
int namespace_directory() {
  static std::mutex mutex;
  static pid_t pid = 0;
  static Fd directory;
  std::lock_guard guard(mutex);
  if (pid != ::getpid()) {  // the first question, or a forked copy, whose descriptor is its parent's
    pid = ::getpid();
    directory.reset();
  } else if (!directory) {
    directory = above_standard_streams(Fd(::open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  }
  return directory.get();
}

// The links read "user:[4026531837]"; reading one costs a third of following it.
void read_namespaces(std::array<std::uint64_t, 6>& numbers) {
  static constexpr const char* kNames[] = {"user", "mnt", "pid_for_children", "net", "ipc", "uts"};
  int directory = namespace_directory();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    char path[40];
    char text[64];
    std::snprintf(path, sizeof path, "%s%s", directory < 0 ? "/proc/self/ns/" : "", kNames[i]);
    ssize_t length = ::readlinkat(directory < 0 ? AT_FDCWD : directory, path, text, sizeof text - 1);
    text[std::max<ssize_t>(length, 0)] = '\0';
    const char* number = std::strchr(text, '[');
    numbers[i] = number != nullptr ? std::strtoull(number + 1, nullptr, 10) : 0;
  }
}

}  // namespace

Credentials current_credentials() {
  Credentials result;
  uid_t uid[3];
  gid_t gid[3];
  if (::getresuid(&uid[0], &uid[1], &uid[2]) != 0) throw_errno("getresuid");
  if (::getresgid(&gid[0], &gid[1], &gid[2]) != 0) throw_errno("getresgid");
  for (std::size_t i = 0; i < 3; ++i) {
    result.uids[i] = uid[i];
    result.gids[i] = gid[i];
  }
  int count = ::getgroups(0, nullptr);
  if (count > 0) {
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    count = ::getgroups(count, groups.data());
    if (count > 0) result.groups.assign(groups.begin(), groups.begin() + count);
  }
  result.no_new_privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  // Under a strict filter this very call is fatal, but then so was everything before it.
  result.seccomp_mode = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
  read_namespaces(result.namespaces);
  return result;
}

}  // namespace cohort::os
