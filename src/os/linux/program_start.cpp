// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/program_start.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "os/module.hpp"

namespace cohort::os {

namespace {

int argument_count = 0;
char** arguments = nullptr;

// glibc gives constructors what it gives main(). As early as an ordinary program's constructors come, which may change
// much, but not where the arguments stand.
__attribute__((constructor(101))) void note_arguments(int count, char** first) {
  argument_count = count;
  arguments = first;
}

// All arguments that the kernel was given: of the loader, where that was executed.
std::vector<std::string> command_line() {
  std::vector<std::string> words;
  std::FILE* file = std::fopen("/proc/self/cmdline", "re");
  if (file == nullptr) return words;
  std::string word;
  for (int c; (c = std::fgetc(file)) != EOF;) {
    if (c != '\0') {
      word += static_cast<char>(c);
      continue;
    }
    words.push_back(word);
    word.clear();
  }
  std::fclose(file);
  return words;
}

// The file that is mapped at `address`; empty when the system does not say.
std::string file_mapped_at(std::uintptr_t address) {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return {};
  std::string path;
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t length; path.empty() && (length = ::getline(&line, &room, maps)) > 0;) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) != 2 || address < begin || address >= end) continue;
    std::string text(line, static_cast<std::size_t>(length - (line[length - 1] == '\n')));
    std::size_t slash = text.find('/');
    if (slash == std::string::npos) break;
    path = text.substr(slash);
  }
  std::free(line);
  std::fclose(maps);
  return path;
}

bool wants_loader() {
  const auto* header = reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR));
  for (unsigned long i = 0; header != nullptr && i < ::getauxval(AT_PHNUM); ++i)
    if (header[i].p_type == PT_INTERP) return true;
  return false;
}

std::string ids(const char* what, std::uint64_t real, std::uint64_t effective) {
  return std::string("the real ") + what + " would be " + std::to_string(real) + " and the effective one " +
         std::to_string(effective);
}

}  // namespace

std::vector<std::string> program_arguments() {
  std::vector<std::string> words;
  for (int i = 0; i < argument_count && arguments[i] != nullptr; ++i) words.emplace_back(arguments[i]);
  return words;
}

bool started_with_privileges() noexcept { return ::getauxval(AT_SECURE) != 0; }

// The rules of the kernel's bprm_creds_from_file(): ids that differ after the exec, whether the file changes them or
// they differ already, and file capabilities for anybody but the real root.
std::string why_started_with_privileges(const std::string& file) {
  std::uint64_t real_user = ::getuid();
  std::uint64_t effective_user = ::geteuid();
  std::uint64_t real_group = ::getgid();
  std::uint64_t effective_group = ::getegid();
  struct stat status{};
  struct statvfs system{};
  bool known = ::stat(file.c_str(), &status) == 0;
  bool heeds = known && (::statvfs(file.c_str(), &system) != 0 || (system.f_flag & ST_NOSUID) == 0);
  bool gains = heeds && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
  std::string by_file;
  if (gains && (status.st_mode & S_ISUID) != 0) {
    effective_user = status.st_uid;
    by_file = ", since " + file + " is set-user-ID";
  }
  if (gains && (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
    effective_group = status.st_gid;
    by_file = ", since " + file + " is set-group-ID";
  }
  if (effective_user != real_user) return ids("user", real_user, effective_user) + by_file;
  if (effective_group != real_group) return ids("group", real_group, effective_group) + by_file;
  if (heeds && real_user != 0 && ::getxattr(file.c_str(), "security.capability", nullptr, 0) > 0)
    return file + " has file capabilities";
  return {};
}

std::vector<std::string> loader_command() {
  // The kernel loads an interpreter for each program that names one, and says where; but for a program that was loaded
  // by a program.
  if (::getauxval(AT_BASE) != 0 || !wants_loader()) return {};
  std::vector<std::string> words = command_line();
  if (argument_count < 1 || words.size() <= static_cast<std::size_t>(argument_count)) return {};
  std::string program = file_mapped_at(program_module().text_begin);
  if (program.empty() || program == executable_path()) return {};
  words.resize(words.size() - static_cast<std::size_t>(argument_count));
  words.push_back(program);
  return words;
}

}  // namespace cohort::os
