// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_attributes.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "cohort/base/error.hpp"

namespace cohort::os {

namespace {

mode_t read_umask() noexcept {
  if (!__libc_single_threaded) {
    // Setting the mask to read it would let another thread create a file with the wrong mode.
    if (std::FILE* file = std::fopen("/proc/thread-self/status", "re")) {
      constexpr std::string_view kField = "Umask:";
      char line[256];
      bool found = false;
      while (!found && std::fgets(line, sizeof line, file) != nullptr)
        found = std::string_view(line).starts_with(kField);
      std::fclose(file);
      if (found) return static_cast<mode_t>(std::strtoul(line + kField.size(), nullptr, 8));
    }
  }
  mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

bool set_limit(std::size_t resource, std::uint64_t soft, std::uint64_t hard) noexcept {
  rlimit limit{soft, hard};
  return ::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0;
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
  // A class that is not passed on is none of a child's.
  int policy = ::sched_getscheduler(0);
  sched_param parameters{};
  if (policy >= 0 && (policy & SCHED_RESET_ON_FORK) == 0 && ::sched_getparam(0, &parameters) == 0) {
    result.policy = policy;
    result.priority = parameters.sched_priority;
  }
  int slack = ::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  result.timer_slack = slack > 0 ? static_cast<std::uint64_t>(slack) : 0;
  errno = saved;
  return result;
}

RefusedAttributes apply_process_attributes(const ProcessAttributes& wanted, const ProcessAttributes& present) noexcept {
  RefusedAttributes refused;
  ::umask(static_cast<mode_t>(wanted.umask));
  refused.nice = wanted.nice != present.nice && ::setpriority(PRIO_PROCESS, 0, wanted.nice) != 0;
  for (std::size_t i = 0; i < ProcessAttributes::kLimits; ++i) {
    std::uint64_t soft = wanted.soft_limits[i];
    std::uint64_t hard = wanted.hard_limits[i];
    if (soft == present.soft_limits[i] && hard == present.hard_limits[i]) continue;
    if (set_limit(i, soft, hard)) continue;
    refused.limits |= std::uint32_t{1} << i;
    // A hard limit that was raised for the one process cannot be raised by the other without privilege.
    hard = std::min(hard, present.hard_limits[i]);
    (void)set_limit(i, std::min(soft, hard), hard);
  }
  static constexpr unsigned char kNone[ProcessAttributes::kAffinityBytes] = {};
  refused.affinity =
      std::memcmp(wanted.affinity, present.affinity, sizeof wanted.affinity) != 0 &&
      std::memcmp(wanted.affinity, kNone, sizeof kNone) != 0 &&
      ::sched_setaffinity(0, sizeof wanted.affinity, reinterpret_cast<const cpu_set_t*>(wanted.affinity)) != 0;
  if (wanted.policy != present.policy || wanted.priority != present.priority) {
    sched_param parameters{};
    parameters.sched_priority = wanted.priority;
    refused.policy = ::sched_setscheduler(0, wanted.policy, &parameters) != 0;
  }
  if (wanted.timer_slack != present.timer_slack && wanted.timer_slack != 0)
    (void)::prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(wanted.timer_slack), 0, 0, 0);
  ::pthread_sigmask(SIG_SETMASK, &wanted.signal_mask, nullptr);
  return refused;
}

ProcessAttributes with_thread_attributes(const ProcessAttributes& process, const ProcessAttributes& thread) noexcept {
  ProcessAttributes result = process;
  result.nice = thread.nice;
  std::memcpy(result.affinity, thread.affinity, sizeof result.affinity);
  result.signal_mask = thread.signal_mask;
  result.policy = thread.policy;
  result.priority = thread.priority;
  result.timer_slack = thread.timer_slack;
  return result;
}

std::string RefusedAttributes::to_string() const {
  struct Limit {
    __rlimit_resource resource;
    const char* name;
  };
  static constexpr Limit kNames[] = {{RLIMIT_CPU, "CPU"},           {RLIMIT_FSIZE, "FSIZE"},
                                     {RLIMIT_DATA, "DATA"},         {RLIMIT_STACK, "STACK"},
                                     {RLIMIT_CORE, "CORE"},         {RLIMIT_RSS, "RSS"},
                                     {RLIMIT_NPROC, "NPROC"},       {RLIMIT_NOFILE, "NOFILE"},
                                     {RLIMIT_MEMLOCK, "MEMLOCK"},   {RLIMIT_AS, "AS"},
                                     {RLIMIT_LOCKS, "LOCKS"},       {RLIMIT_SIGPENDING, "SIGPENDING"},
                                     {RLIMIT_MSGQUEUE, "MSGQUEUE"}, {RLIMIT_NICE, "NICE"},
                                     {RLIMIT_RTPRIO, "RTPRIO"},     {RLIMIT_RTTIME, "RTTIME"}};
  static_assert(std::size(kNames) == ProcessAttributes::kLimits);
  std::string names;
  auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const Limit& limit : kNames)
    if ((limits >> limit.resource & 1) != 0) add(std::string("RLIMIT_") + limit.name);
  if (nice) add("nice value");
  if (affinity) add("processor affinity");
  if (policy) add("scheduling class");
  return names;
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
  ::clearenv();  // NOLINT(concurrency-mt-unsafe): the contract asks for one thread
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
    // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
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
