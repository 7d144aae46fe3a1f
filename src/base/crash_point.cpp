// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "base/crash_point.hpp"

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

// The linker defines these for a section whose name is an identifier; weak, for a program without any point.
extern "C" {
extern const char* __start_cohort_crash_points[] __attribute__((weak));
extern const char* __stop_cohort_crash_points[] __attribute__((weak));
}

namespace cohort {

namespace {

// A fixed buffer: the check runs in forked children and must not allocate.
char armed_name[128] = {};
int armed_hit = 0;
int passes = 0;
void (*watcher)(const char*) noexcept = nullptr;
void (*mourner)(const char*, int) noexcept = nullptr;

const bool armed_from_environment = [] {
  const char* text = ::secure_getenv("COHORT_CRASH_AT");
  if (text == nullptr) return false;
  const char* colon = std::strrchr(text, ':');
  if (colon == nullptr) return false;
  arm_crash_point(std::string(text, colon), std::atoi(colon + 1));
  return true;
}();

}  // namespace

std::vector<std::string> crash_points() {
  std::vector<std::string> names(__start_cohort_crash_points, __stop_cohort_crash_points);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void arm_crash_point(const std::string& name, int hit) {
  std::size_t length = std::min(name.size(), sizeof armed_name - 1);
  std::memcpy(armed_name, name.data(), length);
  armed_name[length] = '\0';
  armed_hit = hit;
  passes = 0;
}

void watch_crash_points(void (*seen)(const char* name) noexcept) noexcept { watcher = seen; }

void watch_crashes(void (*dying)(const char* name, int pass) noexcept) noexcept { mourner = dying; }

void detail::crash_point_reached(const char* name) noexcept {
  if (watcher != nullptr) watcher(name);
  if (armed_hit == 0 || std::strcmp(name, armed_name) != 0) return;
  if (++passes != armed_hit) return;
  if (mourner != nullptr) mourner(name, passes);
  std::raise(SIGKILL);
}

}  // namespace cohort

#endif
