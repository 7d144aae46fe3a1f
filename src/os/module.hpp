// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: the modules (program and shared libraries) that make up this process, each known by its build-id,
// so that an address can be named in a way that holds in another process of the same program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cohort::os {

/// What a build of a module is known by: the first 16 bytes of its GNU build-id, or, where it was linked without one, a
/// digest of its program headers. All zero is no module.
using BuildId = std::array<std::byte, 16>;

struct Module {
  BuildId build_id{};
  std::uintptr_t base = 0;        ///< load address: what is added to link-time addresses
  std::uintptr_t text_begin = 0;  ///< the executable segment that lies lowest …
  std::uintptr_t text_end = 0;    ///< … to the end of the highest one
  std::uintptr_t end = 0;         ///< end of the highest segment
  std::string path;               ///< file; empty for the program itself
};

/// The module that holds `address`; nullopt when none does.
[[nodiscard]] std::optional<Module> module_of(const void* address);
/// The loaded module with that build-id.
[[nodiscard]] std::optional<Module> find_module(const BuildId& build_id);
/// The program itself.
[[nodiscard]] const Module& program_module();
/// Loads the module at `path` if it is the build that `build_id` names, which its file is asked for first, and that
/// very file is loaded; false: it is another build, and none of its code has run. Throws OsError(ENOENT, ENOEXEC …)
/// with the loader's words as the subject.
[[nodiscard]] bool load_module(const std::string& path, const BuildId& build_id);

/// The file to execute in order to run this program again. The path that /proc/self/exe names where that is still the
/// same file, else /proc/self/exe itself (the file was replaced or deleted).
[[nodiscard]] std::string executable_path();

}  // namespace cohort::os
