// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort::os {

namespace {

// The reentrant look-ups share a shape: they say ERANGE until the buffer is large enough.
template <class Record, class Call>
bool look_up(Call call, const char* operation, const std::string& name, Record& record, std::vector<char>& buffer) {
  buffer.resize(1024);
  while (true) {
    Record* found = nullptr;
    int error = call(name.c_str(), &record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && buffer.size() < (1U << 24)) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (error == EINTR) continue;
    // Some name services report "not there" as an error.
    if (error != 0 && error != ENOENT && error != ESRCH && error != EBADF && error != EPERM) {
      throw OsError(error, operation, name);
    }
    return found != nullptr;
  }
}

}  // namespace

std::optional<std::uint32_t> find_user(const std::string& name) {
  passwd record{};
  std::vector<char> buffer;
  if (!look_up(::getpwnam_r, "getpwnam", name, record, buffer)) return std::nullopt;
  return record.pw_uid;
}

std::optional<std::uint32_t> find_group(const std::string& name) {
  group record{};
  std::vector<char> buffer;
  if (!look_up(::getgrnam_r, "getgrnam", name, record, buffer)) return std::nullopt;
  return record.gr_gid;
}

}  // namespace cohort::os
