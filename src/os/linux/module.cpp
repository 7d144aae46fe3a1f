// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/module.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "cohort/base/error.hpp"
#include "cohort/base/function_ref.hpp"

namespace cohort::os {

namespace {

// 64-bit FNV-1a, twice with different offsets. Only for modules without a build-id, where any stable digest does.
BuildId digest_of_headers(const dl_phdr_info& info) {
  std::uint64_t halves[2] = {0xcbf29ce484222325u, 0x9ae16a3b2f90404fu};
  const auto* bytes = reinterpret_cast<const unsigned char*>(info.dlpi_phdr);
  for (std::size_t i = 0; i < info.dlpi_phnum * sizeof(ElfW(Phdr)); ++i)
    for (auto& half : halves) half = (half ^ bytes[i]) * 0x100000001b3u;
  BuildId id;
  std::memcpy(id.data(), halves, sizeof id);
  return id;
}

bool read_build_id(const dl_phdr_info& info, BuildId& id) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* note = reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr);
    const char* end = note + header.p_memsz;
    while (note + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) head;
      std::memcpy(&head, note, sizeof head);
      const char* name = note + sizeof head;
      const char* value = name + ((head.n_namesz + 3) & ~3u);
      if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0 &&
          head.n_descsz >= 8) {
        id = {};
        std::memcpy(id.data(), value, std::min<std::size_t>(id.size(), head.n_descsz));
        return true;
      }
      note = value + ((head.n_descsz + 3) & ~3u);
    }
  }
  return false;
}

Module describe(const dl_phdr_info& info) {
  Module module;
  module.base = info.dlpi_addr;
  module.path = info.dlpi_name != nullptr ? info.dlpi_name : "";
  module.text_begin = UINTPTR_MAX;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    module.end = std::max<std::uintptr_t>(module.end, begin + header.p_memsz);
    if ((header.p_flags & PF_X) == 0) continue;
    module.text_begin = std::min(module.text_begin, begin);
    module.text_end = std::max<std::uintptr_t>(module.text_end, begin + header.p_memsz);
  }
  if (!read_build_id(info, module.build_id)) module.build_id = digest_of_headers(info);
  return module;
}

bool holds(const dl_phdr_info& info, std::uintptr_t address) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && address >= begin && address < begin + header.p_memsz) return true;
  }
  return false;
}

// The first module for which `matches` is true. The loader's lock is held meanwhile.
std::optional<Module> first_module(FunctionRef<bool(const dl_phdr_info&)> matches) {
  struct Search {
    FunctionRef<bool(const dl_phdr_info&)> matches;
    std::optional<Module> found;
  } search{matches, std::nullopt};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* state) {
        auto& s = *static_cast<Search*>(state);
        if (!s.matches(*info)) return 0;
        s.found = describe(*info);
        return 1;
      },
      &search);
  return std::move(search.found);
}

}  // namespace

std::optional<Module> module_of(const void* address) {
  auto value = reinterpret_cast<std::uintptr_t>(address);
  return first_module([&](const dl_phdr_info& info) { return holds(info, value); });
}

std::optional<Module> find_module(const BuildId& build_id) {
  if (program_module().build_id == build_id) return program_module();
  return first_module([&](const dl_phdr_info& info) { return describe(info).build_id == build_id; });
}

const Module& program_module() {
  // The loader lists the program first.
  static const Module module = first_module([](const dl_phdr_info&) { return true; }).value_or(Module{});
  return module;
}

void load_module(const std::string& path) {
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return;
  const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one message a thread
  // Flawfinder: ignore (only words the error; nothing is decided by it)
  throw OsError(::access(path.c_str(), R_OK) == 0 ? ENOEXEC : errno, "dlopen", why != nullptr ? why : path);
}

std::string executable_path() {
  // valgrind and qemu answer readlink with the program but execute their own file for the link itself.
  char target[PATH_MAX];
  // Flawfinder: ignore (the kernel's own link, and its end is written below)
  ssize_t length = ::readlink("/proc/self/exe", target, sizeof target - 1);
  if (length <= 0) return "/proc/self/exe";
  target[length] = '\0';
  struct stat named{};
  struct stat running{};
  bool same = ::stat(target, &named) == 0 && ::stat("/proc/self/exe", &running) == 0 &&
              named.st_dev == running.st_dev && named.st_ino == running.st_ino;
  return same ? std::string(target) : std::string("/proc/self/exe");
}

}  // namespace cohort::os
