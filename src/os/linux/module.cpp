// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/module.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <span>
#include <string_view>

#include "cohort/base/error.hpp"
#include "cohort/base/function_ref.hpp"
#include "os/build_id.hpp"
#include "os/fd.hpp"

namespace cohort::os {

namespace {

BuildId build_id_of(const dl_phdr_info& info) {
  const std::span<const ElfW(Phdr)> headers(info.dlpi_phdr, info.dlpi_phnum);
  for (const auto& header : headers) {
    if (header.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const std::byte*>(info.dlpi_addr + header.p_vaddr);
    if (auto id = build_id_of_notes({notes, header.p_memsz})) return *id;
  }
  return digest_of_headers(std::as_bytes(headers));
}

// Modules that were loaded through a descriptor, which is what the loader has for their name. Only ever added to,
// without a lock that a fork could copy.
struct LoadedFile {
  BuildId build_id{};
  std::string path;
  const LoadedFile* next = nullptr;
};
constinit std::atomic<const LoadedFile*> loaded_files{nullptr};

void remember(const BuildId& build_id, const std::string& path) {
  auto* file = new LoadedFile{build_id, path, nullptr};
  file->next = loaded_files.load(std::memory_order_relaxed);  // relaxed: the exchange below decides
  // SYNC(loaded-file): this exchange -> load in path_of(); carries the entry
  while (!loaded_files.compare_exchange_weak(file->next, file, std::memory_order_release, std::memory_order_relaxed)) {}
}

constexpr std::string_view kDescriptors = "/proc/self/fd/";

std::string path_of(const char* name, const BuildId& build_id) {
  if (name == nullptr || !std::string_view(name).starts_with(kDescriptors)) return name != nullptr ? name : "";
  // SYNC(loaded-file): remember() exchange -> this load
  for (const auto* file = loaded_files.load(std::memory_order_acquire); file != nullptr; file = file->next)
    if (file->build_id == build_id) return file->path;
  return name;
}

Module describe(const dl_phdr_info& info) {
  Module module;
  module.base = info.dlpi_addr;
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
  module.build_id = build_id_of(info);
  module.path = path_of(info.dlpi_name, module.build_id);
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

namespace {

// Whether somebody else could put another file in the place of `path`: a directory on the way is theirs, or open to
// them.
bool is_replaceable(const std::string& path) {
  for (std::size_t slash = path.rfind('/'); slash != std::string::npos; slash = path.rfind('/', slash - 1)) {
    struct stat info{};
    const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
    if (::stat(directory.c_str(), &info) != 0) return true;
    if (info.st_uid != 0 && info.st_uid != ::geteuid()) return true;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (info.st_mode & S_ISVTX) == 0) return true;
    if (slash == 0) return false;
  }
  return true;  // found by the loader's own search
}

}  // namespace

bool load_module(const std::string& path, const BuildId& build_id) {
  // Not blocking: a FIFO would wait for a writer.
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw OsError(errno, "dlopen", path);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) throw_errno("fstat", path);
  const auto found = S_ISREG(info.st_mode) ? build_id_of_file(file.get()) : std::nullopt;
  if (!found) throw OsError(ENOEXEC, "dlopen", path + " is not a module for this machine");
  // Its constructors run as soon as it is loaded, so that it must be the right one before.
  if (*found != build_id) return false;
  remember(build_id, path);
  // By descriptor: the path may lead to another file by now.
  const std::string same = std::string(kDescriptors) + std::to_string(file.get());
  if (::dlopen(same.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return true;
  const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one message a thread
  const std::string words = why != nullptr ? why : path;
  // A library that it finds beside itself ($ORIGIN) is found by its path only; where nobody else can change that, it is
  // as good as the descriptor.
  if (!is_replaceable(path) && ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return true;
  throw OsError(ENOEXEC, "dlopen", path + ": " + words);
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
