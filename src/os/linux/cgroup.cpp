// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/cgroup.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

namespace cohort::os {

namespace {

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// The first line of a small file of the cgroup file system; empty when there is none.
std::string first_line(const std::string& path) {
  File file(std::fopen(path.c_str(), "re"));
  char text[128] = {};
  if (!file || std::fgets(text, sizeof text, file.get()) == nullptr) return {};
  return text;
}

// The path of this process in the hierarchy of `controller`; the empty name is version 2.
std::string group_path(const char* controller) {
  File file(std::fopen("/proc/self/cgroup", "re"));
  char line[4096];
  while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
    char* names = std::strchr(line, ':');
    char* path = names != nullptr ? std::strchr(names + 1, ':') : nullptr;
    if (path == nullptr) continue;
    *path++ = '\0';
    // Version 1 joins controllers that share a hierarchy: "cpu,cpuacct".
    std::string joined = std::string(",") + (names + 1) + ",";
    bool matches =
        *controller == '\0' ? names[1] == '\0' : joined.find(std::string(",") + controller + ",") != std::string::npos;
    if (!matches) continue;
    std::string found = path;
    while (!found.empty() && (found.back() == '\n' || found.back() == '/')) found.pop_back();
    return found;
  }
  return {};
}

// Calls `visit` with each group's directory from this process's group up to the root of the mount.
template <class Visit>
void for_each_group(const char* mount, std::string path, Visit visit) {
  while (true) {
    visit(mount + path);
    std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

}  // namespace

std::optional<std::uint64_t> cgroup_memory_limit() noexcept try {
  std::uint64_t least = UINT64_MAX;
  auto take = [&](const std::string& text) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return;  // absent, or "max"
    least = std::min<std::uint64_t>(least, std::strtoull(text.c_str(), nullptr, 10));
  };
  for_each_group("/sys/fs/cgroup", group_path(""),
                 [&](const std::string& group) { take(first_line(group + "/memory.max")); });
  for_each_group("/sys/fs/cgroup/memory", group_path("memory"),
                 [&](const std::string& group) { take(first_line(group + "/memory.limit_in_bytes")); });
  if (least == UINT64_MAX) return std::nullopt;
  return least;
} catch (...) {  // no memory for a path: behave as without a group
  return std::nullopt;
}

std::optional<double> cgroup_cpu_limit() noexcept try {
  double least = std::numeric_limits<double>::infinity();
  auto take = [&](double quota, double period) {
    if (quota > 0 && period > 0) least = std::min(least, quota / period);
  };
  for_each_group("/sys/fs/cgroup", group_path(""), [&](const std::string& group) {
    std::string text = first_line(group + "/cpu.max");  // "QUOTA PERIOD", or "max PERIOD"
    char* rest = nullptr;
    double quota = std::strtod(text.c_str(), &rest);
    take(quota, std::strtod(rest, nullptr));
  });
  for_each_group("/sys/fs/cgroup/cpu", group_path("cpu"), [&](const std::string& group) {
    take(std::strtod(first_line(group + "/cpu.cfs_quota_us").c_str(), nullptr),
         std::strtod(first_line(group + "/cpu.cfs_period_us").c_str(), nullptr));
  });
  if (least == std::numeric_limits<double>::infinity()) return std::nullopt;
  return least;
} catch (...) { return std::nullopt; }

}  // namespace cohort::os
