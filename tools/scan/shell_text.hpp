// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a constant shell command does, as far as the checks ask: which programs it starts, and where it writes.
// A rough reading: quotes are minded, expansions are not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::scan {

/// The first program of a command that is looked up in PATH; empty where all have a full path or are the shell's own.
std::string relative_program(std::string_view command);

/// Whether it redirects output to a fixed name in a directory that is open to all.
bool redirects_to_temporary(std::string_view command);

/// Whether a path lies in a directory where everybody may make files.
bool is_temporary(std::string_view path);

/// Which of the {} of a format, counted from 0, reach a second shell that reads them again: after `sh -c`, `eval`, `ssh
/// host`.
std::vector<std::size_t> reread_placeholders(std::string_view format);

}  // namespace cohort::scan
