// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_attributes.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cohort/base/error.hpp"

namespace cohort::os {

namespace {

mode_t read_umask() noexcept {
  if (!__libc_single_threaded) {
    // Setting the mask to read it would let another thread create a file with the wrong mode.
    if (std::FILE* file = std::fopen("/proc/thread-self/status", "re")) {
      char line[256];
      unsigned value = 0;
      bool found = false;
      while (!found && std::fgets(line, sizeof line, file) != nullptr)
        found = std::sscanf(line, "Umask: %o", &value) == 1;
      std::fclose(file);
      if (found) return static_cast<mode_t>(value);
    }
  }
  mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

}  // namespace

ProcessAttributes capture_process_attributes() noexcept {
  int saved = errno;
  ProcessAttributes result;
  result.umask = read_umask();
  result.nice = ::getpriority(PRIO_PROCESS, 0);
  for (std::size_t i = 0; i < ProcessAttributes::kLimits; ++i) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource>(i), &limit) != 0) continue;
    result.soft_limits[i] = limit.rlim_cur;
    result.hard_limits[i] = limit.rlim_max;
  }
  if (::sched_getaffinity(0, sizeof result.affinity, reinterpret_cast<cpu_set_t*>(result.affinity)) != 0)
    std::memset(result.affinity, 0, sizeof result.affinity);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &result.signal_mask);
  errno = saved;
  return result;
}

void apply_process_attributes(const ProcessAttributes& wanted, const ProcessAttributes& present) noexcept {
  ::umask(static_cast<mode_t>(wanted.umask));
  if (wanted.nice != present.nice) ::setpriority(PRIO_PROCESS, 0, wanted.nice);
  for (std::size_t i = 0; i < ProcessAttributes::kLimits; ++i) {
    if (wanted.soft_limits[i] == present.soft_limits[i] && wanted.hard_limits[i] == present.hard_limits[i]) continue;
    rlimit limit{wanted.soft_limits[i], wanted.hard_limits[i]};
    // cohort-scan: ignore[unchecked-result] a limit that may not be raised again stays as it is, as over a plain fork
    ::setrlimit(static_cast<__rlimit_resource>(i), &limit);
  }
  static constexpr unsigned char kNone[ProcessAttributes::kAffinityBytes] = {};
  if (std::memcmp(wanted.affinity, present.affinity, sizeof wanted.affinity) != 0 &&
      std::memcmp(wanted.affinity, kNone, sizeof kNone) != 0)
    ::sched_setaffinity(0, sizeof wanted.affinity, reinterpret_cast<const cpu_set_t*>(wanted.affinity));
  ::pthread_sigmask(SIG_SETMASK, &wanted.signal_mask, nullptr);
}

std::vector<std::string> environment_entries() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

std::vector<std::byte> capture_environment() {
  std::vector<std::byte> block;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const auto* begin = reinterpret_cast<const std::byte*>(*entry);
    block.insert(block.end(), begin, begin + std::strlen(*entry) + 1);
  }
  return block;
}

void replace_environment(std::span<const std::byte> block) {
  ::clearenv();
  const char* at = reinterpret_cast<const char*>(block.data());
  const char* end = at + block.size();
  while (at < end) {
    std::size_t length = ::strnlen(at, static_cast<std::size_t>(end - at));
    std::string entry(at, length);
    at += length + 1;
    std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    std::string name = entry.substr(0, equals);
    // cohort-scan: ignore[environment-path] a copy of the parent's own environment, as a plain fork would give it
    if (::setenv(name.c_str(), entry.c_str() + equals + 1, 1) != 0) throw_errno("setenv", name);
  }
}

std::uint64_t environment_digest() noexcept {
  std::uint64_t digest = 0xcbf29ce484222325u;  // 64-bit FNV-1a
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    for (const char* c = *entry;; ++c) {
      digest = (digest ^ static_cast<unsigned char>(*c)) * 0x100000001b3u;
      if (*c == '\0') break;
    }
  }
  return digest;
}

}  // namespace cohort::os
