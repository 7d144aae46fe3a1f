// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/credentials.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "cohort/base/error.hpp"
#include "os/fd.hpp"

namespace cohort::os {

namespace {

// The descriptor of this process's namespaces in /proc, from the second question on: one that asks once keeps none. -1:
// ask by path.
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

std::optional<Privileges> privileges_of(std::int32_t pid) {
  char path[32];
  if (pid == 0)
    std::snprintf(path, sizeof path, "/proc/self/status");
  else
    std::snprintf(path, sizeof path, "/proc/%d/status", pid);
  Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) {
    // Our own want says nothing about the other.
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) throw_errno("open", path);
    return std::nullopt;
  }
  std::string text;
  char piece[2048];
  for (ssize_t length; (length = ::read(file.get(), piece, sizeof piece)) != 0;) {
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return std::nullopt;
    text.append(piece, static_cast<std::size_t>(length));
  }
  // The numbers of the line that begins with `name`, which is not the first.
  auto numbers = [&](const char* name, int base, auto take) {
    std::size_t at = text.find(std::string("\n") + name + ":");
    if (at == std::string::npos) return false;
    const char* place = text.c_str() + at + 2 + std::strlen(name);
    const char* line_end = std::strchr(place, '\n');
    for (std::size_t index = 0; line_end != nullptr; ++index) {
      while (*place == ' ' || *place == '\t') ++place;
      if (place >= line_end) break;
      char* end = nullptr;
      take(index, std::strtoull(place, &end, base));
      if (end == place) break;
      place = end;
    }
    return true;
  };
  Privileges result;
  auto three = [](std::array<std::uint32_t, 3>& ids) {
    return [&ids](std::size_t index, unsigned long long number) {
      if (index < 3) ids[index] = static_cast<std::uint32_t>(number);
    };
  };
  if (!numbers("Uid", 10, three(result.uids)) || !numbers("Gid", 10, three(result.gids))) return std::nullopt;
  numbers("Groups", 10, [&](std::size_t, auto number) { result.groups.push_back(static_cast<std::uint32_t>(number)); });
  numbers("CapPrm", 16, [&](std::size_t, auto number) { result.permitted = number; });
  numbers("CapBnd", 16, [&](std::size_t, auto number) { result.bounding = number; });
  numbers("NoNewPrivs", 10, [&](std::size_t, auto number) { result.no_new_privileges = number != 0; });
  std::uint32_t mode = 0;
  numbers("Seccomp", 10, [&](std::size_t, auto number) { mode = number != 0 ? 1 : 0; });
  numbers("Seccomp_filters", 10,
          [&](std::size_t, auto number) { result.seccomp_filters = static_cast<std::uint32_t>(number); });
  result.seccomp_filters = std::max(result.seccomp_filters, mode);
  return result;
}

bool may_have(const Privileges& asker, const Privileges& server) noexcept {
  if (asker.uids != server.uids || asker.gids != server.gids || asker.groups != server.groups) return false;
  if (asker.no_new_privileges && !server.no_new_privileges) return false;
  if (asker.seccomp_filters > server.seccomp_filters) return false;
  std::uint64_t capabilities = asker.permitted;
  if (asker.uids[0] == 0 && asker.uids[1] == 0) capabilities |= asker.bounding;
  return (server.permitted & ~capabilities) == 0;
}

}  // namespace cohort::os
