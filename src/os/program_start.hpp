// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: how this program was started, and how a program that it executes would be.
#pragma once

#include <string>
#include <vector>

namespace cohort::os {

/// The arguments of this program, its name first. Noted before main(); no system call.
[[nodiscard]] std::vector<std::string> program_arguments();
/// True when the system started this program with privileges that its caller need not have (AT_SECURE: set-user-ID,
/// set-group-ID, file capabilities, or a real user other than the effective one). What came from the caller must not be
/// obeyed then.
[[nodiscard]] bool started_with_privileges() noexcept;
/// Why the system would start `file` in that way if the calling thread executed it now; empty when it would not, as far
/// as files and ids tell. A security module may have reasons of its own.
[[nodiscard]] std::string why_started_with_privileges(const std::string& file);
/// What stood before the program's own arguments when the loader was executed instead of it (`ld.so --preload x
/// ./program`): the loader, its options, and the program's file. Empty when the system executed the program itself.
[[nodiscard]] std::vector<std::string> loader_command();

}  // namespace cohort::os
