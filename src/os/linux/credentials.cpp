// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/credentials.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cohort/base/error.hpp"

namespace cohort::os {

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
  static constexpr const char* kNamespaces[] = {"/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/pid_for_children",
                                                "/proc/self/ns/net",  "/proc/self/ns/ipc", "/proc/self/ns/uts"};
  for (std::size_t i = 0; i < result.namespaces.size(); ++i) {
    struct stat info{};
    result.namespaces[i] = ::stat(kNamespaces[i], &info) == 0 ? info.st_ino : 0;
  }
  return result;
}

}  // namespace cohort::os
