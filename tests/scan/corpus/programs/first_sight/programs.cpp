// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Functions in the style of programs, of a set that was written as one and split at random.
// Measured before the reader was changed for anything in it; what it missed was mended afterwards.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cohort/shlex.hpp"
#include "cohort/subprocess.hpp"

int shell_of_arguments(int count, char** words) {
  std::string line;
  for (int i = 1; i < count; ++i) line.append(words[i]).append(" ");
  char* shell[] = {(char*)"sh", (char*)"-c", line.data(), nullptr};  // BAD[shell-exec]
  return execv("/bin/sh", shell);
}

namespace calendar {
int system(const std::string& name);
int switch_to(const std::string& name) { return calendar::system(name); }
}  // namespace calendar

int memcpy_style(const char* text, size_t size) {
  char line[256];
  if (size >= sizeof line) return -1;
  memcpy(line, text, size);
  line[size] = '\0';
  FILE* out = popen(line, "w");  // BAD[shell-command]
  return out ? pclose(out) : -1;
}

int daemon_start(const char* pid_file) {
  pid_t child = fork();
  switch (child) {
    case -1: return -1;
    case 0: break;
    default: _exit(0);
  }
  if (setsid() == -1) return -1;
  if (chdir("/") == -1) return -1;
  int fd = open(pid_file, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (fd < 0) return -1;
  dprintf(fd, "%d\n", static_cast<int>(getpid()));
  return close(fd);
}

int insert_text(const std::string& folder) {
  std::string line = "/usr/bin/du -sh  2>/dev/null";
  line.insert(16, folder);
  return std::system(line.c_str());  // BAD[shell-command]
}

int wordexp_of_setting(const char* setting, wordexp_t& words) {
  return wordexp(setting, &words, 0);  // BAD[shell-command]
}

// The text is filled by a function that gets it by reference.
static void append_flags(std::string& line, const std::vector<std::string>& flags) {
  for (const auto& flag : flags) line += " " + flag;
}
int compile_with(const std::vector<std::string>& flags) {
  std::string line = "/usr/bin/cc";
  append_flags(line, flags);
  return std::system(line.c_str());  // BAD[shell-command]
}

// Quoted by a function of its own, as shells want it.
static std::string shell_quote(const std::string& word) {
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') quoted += "'\\''";
    else quoted += c;
  }
  return quoted + "'";
}
int remove_tree(const std::string& folder) { return system(("/bin/rm -rf -- " + shell_quote(folder)).c_str()); }

enum class Codec { opus, flac };
static std::string to_string(Codec codec) { return codec == Codec::opus ? "opus" : "flac"; }
int probe_codec(Codec codec) { return system(("/usr/bin/ffprobe -codec " + to_string(codec)).c_str()); }

int dialog_quoted_twice(const std::string& title) {
  const std::string text = "/usr/bin/zenity --info --text='" + cohort::shlex::quote(title) + "'";
  return system(text.c_str());  // BAD[shell-command]
}

int asprintf_number(int terminal) {
  char* line = NULL;
  if (asprintf(&line, "/bin/chvt %d", terminal) < 0) return -1;
  int status = system(line);
  free(line);
  return status;
}

#define PROGRAM_FOLDER "/usr/libexec/demo/"
int run_part_of_macro() { return system(PROGRAM_FOLDER "update --all"); }

// An own runner after the manner of a toolkit: a program and a list of words, no shell.
class Runner2 {
 public:
  void set_program(std::string program) { program_ = std::move(program); }
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }
  int start() {
    std::vector<char*> raw{program_.data()};
    for (auto& argument : arguments_) raw.push_back(argument.data());
    raw.push_back(nullptr);
    pid_t child = 0;
    return posix_spawn(&child, raw.front(), nullptr, nullptr, raw.data(), environ);
  }

 private:
  std::string program_;
  std::vector<std::string> arguments_;
};
int list_archive(const std::string& file) {
  Runner2 tar;
  tar.set_program("/bin/tar");
  tar.set_arguments({"tf", file});
  return tar.start();
}

int asprintf_style(const char* device) {
  char* line = NULL;
  if (asprintf(&line, "/sbin/mkfs.ext4 -F %s", device) < 0) return -1;
  int status = system(line);  // BAD[shell-command]
  free(line);
  return status;
}

class BuildStep {
 public:
  BuildStep(std::string name, std::string command) : name_(std::move(name)), command_(std::move(command)) {}
  [[nodiscard]] bool run() const {
    std::cout << "== " << name_ << std::endl;
    return std::system(command_.c_str()) == 0;  // BAD[shell-command]
  }

 private:
  std::string name_;
  std::string command_;
};

int from_file(const std::filesystem::path& script) {
  std::ifstream in(script);
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with('#')) continue;
    if (std::system(line.c_str()) != 0) return 1;  // BAD[shell-command]
  }
  return 0;
}

int run_indexed(std::size_t step) {
  static const std::array<const char*, 3> steps{"/sbin/modprobe loop", "/sbin/losetup -D", "/sbin/rmmod loop"};
  return step < steps.size() ? system(steps[step]) : -1;
}

void keep_running(std::atomic<bool>& stop) {
  std::thread worker([&stop] {
    while (!stop) {
      if (system("/usr/bin/fetchmail --silent") != 0) break;
      std::this_thread::sleep_for(std::chrono::seconds(30));
    }
  });
  worker.join();
}

int stpcpy_style(const char* name) {
  char line[512];
  char* end = stpcpy(line, "/usr/bin/killall ");
  strncpy(end, name, sizeof line - 32);
  return system(line);  // BAD[shell-command]
}

int start_service(const std::string& which) {
  static const std::map<std::string, std::string> services = {
      {"web", "/usr/sbin/nginx -t"},
      {"mail", "/usr/sbin/postfix check"},
  };
  auto entry = services.find(which);
  if (entry == services.end()) return 127;
  return std::system(entry->second.c_str());
}

FILE* scratch_file(std::string& name) {
  char pattern[] = "/tmp/scratch-XXXXXX";
  int fd = mkstemp(pattern);
  if (fd < 0) return nullptr;
  name = pattern;
  return fdopen(fd, "w+");
}

static std::string command_for(const std::string& file) { return "/usr/bin/file -b " + file; }
int kind_of(const std::string& file) {
  return system(command_for(file).c_str());  // BAD[shell-command]
}

int remote_command(const std::string& host, const std::string& command) {
  std::vector<std::string> words;
  words.emplace_back("/bin/bash");
  words.emplace_back("-lc");
  words.emplace_back("/usr/bin/ssh " + host + " " + command);  // BAD[shell-exec]
  std::vector<char*> raw;
  for (auto& word : words) raw.emplace_back(word.data());
  raw.emplace_back(nullptr);
  return execv("/bin/bash", raw.data());
}

static bool read_line(std::FILE* in, std::string* line) {
  line->clear();
  for (int c = fgetc(in); c != EOF && c != '\n'; c = fgetc(in)) line->push_back(static_cast<char>(c));
  return !line->empty();
}
int interactive() {
  std::string line;
  int status = 0;
  while (read_line(stdin, &line)) status = system(line.c_str());  // BAD[shell-command]
  return status;
}

int beep_times(unsigned count, double seconds) {
  std::ostringstream line;
  line << "/usr/bin/beep -r " << count << " -l " << static_cast<int>(seconds * 1000);
  return std::system(line.str().c_str());
}

int run_all_hooks(const std::vector<std::string>& hooks) {
  int failed = 0;
  for (const auto& hook : hooks) {
    if (hook.empty()) continue;
    failed += system(hook.c_str()) == 0 ? 0 : 1;  // BAD[shell-command]
  }
  return failed;
}

void restrict_self(uid_t user, gid_t group) {
  if (setgroups(0, nullptr) != 0 || setgid(group) != 0 || setuid(user) != 0) {
    std::perror("cannot drop privileges");
    std::exit(1);
  }
}

int awk_program(const char* field, const char* file) {
  char program[64];
  snprintf(program, sizeof program, "{ print $%d }", atoi(field));
  execl("/usr/bin/awk", "awk", program, file, (char*)NULL);
  return -1;
}

std::string hostname_of_machine() {
  FILE* pipe = popen("/bin/hostname -f", "r");
  if (pipe == nullptr) return "localhost";
  char line[256] = "";
  if (fgets(line, sizeof line, pipe) == nullptr) line[0] = '\0';
  pclose(pipe);
  return line;
}

using Runner = int (*)(const char*);
int calls_constant_through_pointer() {
  Runner run = &std::system;
  return run("/bin/true");
}

int by_shell_tag_badly(const std::string& host, const std::string& file) {
  return cohort::subprocess::run(cohort::subprocess::Shell{"ssh {} cat {}", host, file}).returncode();  // BAD[shell-misuse]
}

// A daemon that is told by its control socket what to run when a link changes.
class LinkWatcher {
 public:
  void set_hook(std::string hook) { hook_ = std::move(hook); }
  void link_changed(const std::string& name, bool up) {
    ++changes_;
    if (hook_.empty()) return;
    std::string line = hook_ + (up ? " up " : " down ") + name;
    if (system(line.c_str()) != 0) std::fputs("hook failed\n", stderr);  // BAD[shell-command]
  }

 private:
  std::string hook_;
  int changes_ = 0;
};

int settings_at(const std::map<std::string, std::string>& settings) {
  const std::string& editor = settings.at("editor");
  return system((editor + " /etc/motd").c_str());  // BAD[shell-command]
}

int accumulate_words(const std::vector<std::string>& words) {
  auto line = std::accumulate(words.begin(), words.end(), std::string("/usr/bin/env"),
                              [](std::string all, const std::string& word) { return std::move(all) + " " + word; });
  return std::system(line.c_str());  // BAD[shell-command]
}
