// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A program that starts one process, and what its constructors do to it. The name of its file chooses, because a
// re-executed copy is to do the same and may have neither environment nor arguments: see bootstrap_test.cpp. Each run
// of main() adds a byte to the file `mains`.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cohort/cohort.hpp"

#ifdef __SANITIZE_ADDRESS__
// The search for leaks cannot trace a program with raised privileges, and takes what the loader has allocated before it
// for lost.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

namespace {

bool named(const char* word) {
  char path[4096];
  ssize_t length = ::readlink("/proc/self/exe", path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  const char* name = std::strrchr(path, '/');
  return name != nullptr && std::strstr(name, word) != nullptr;
}

void close_all() {
  for (int fd = 3; fd < 256; ++fd) ::close(fd);
}

void take_numbers() {
  for (int i = 0; i < 40; ++i) (void)::open("precious", O_RDWR);
}

bool run_early() {
  cohort::Process p({.start_method = cohort::StartMethod::fork}, [] {});
  p.start();
  return p.join();
}

__attribute__((constructor)) void surprise(int argc, char** argv) {
  if (named("clearenv")) ::clearenv();
  if (named("closing") || named("replacing")) close_all();
  if (named("replacing")) take_numbers();
  if (named("leaving") && argc > 1 && std::strncmp(argv[argc - 1], "--cohort", 8) == 0) ::exit(33);
}

[[maybe_unused]] const bool early = named("early") && run_early();

void start(const std::string& method) {
  try {
    cohort::Process p({.start_method = cohort::start_method_from_name(method)}, [] { throw cohort::SystemExit(7); });
    p.start();
    p.join();
    std::printf("exit %d\n", p.exitcode().value_or(-1000));
  } catch (const cohort::Error& e) { std::printf("threw %s\n", e.what()); }
  std::fflush(stdout);
}

void fill_queue() {
  try {
    cohort::Queue<std::string> queue;
    for (int i = 0; i < 64; ++i) queue.put(std::string(std::size_t{3} << 20, 'x'));
    std::printf("filled\n");
  } catch (const std::exception& e) { std::printf("threw %s\n", e.what()); }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
#ifdef COHORT_TEST_INIT
  cohort::init(argc, argv);
#endif
  int fd = ::open("mains", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  struct stat status{};
  if (::write(fd, "x", 1) != 1 || ::fstat(fd, &status) != 0 || status.st_size > 20) ::_exit(99);
  ::close(fd);
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "seteuid") {
      if (::seteuid(65534) != 0) ::_exit(98);
    } else if (word == "close") {
      close_all();
    } else if (word == "replace") {
      close_all();
      take_numbers();
    } else if (word == "fill") {
      fill_queue();
    } else {
      start(word);
    }
  }
}
