// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the scanner looks for: the table of rules, and which calls start programs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::scan {

enum class Severity : std::uint8_t { low, medium, high };
enum class Confidence : std::uint8_t { low, medium, high };

std::string_view to_string(Severity severity);
std::string_view to_string(Confidence confidence);

/// One kind of finding. The id is what `ignore[…]` names.
struct Rule {
  std::string_view id;
  int cwe;
  Severity severity;
  Confidence confidence;
  /// What is wrong, as a sentence.
  std::string_view message;
  /// What to write in its place.
  std::string_view instead;
};

std::span<const Rule> rules();

/// nullptr where there is none of this name.
const Rule* find_rule(std::string_view id);

/// How a function that starts a program takes what it starts.
enum class Launch : std::uint8_t {
  shell_text,  // one text for the shell
  list,        // path, then the words one by one
  vector,      // path and an array of words
  spawn,       // pid, path, file actions, attributes, array of words, environment
  cohort,      // a braced list of words, or a Shell
};

struct LaunchFunction {
  std::string_view name;
  Launch launch;
  /// Looks the program up in PATH when its name has no slash.
  bool searches_path;
};

/// nullptr where the name starts no program that we know.
const LaunchFunction* find_launch(std::string_view name);

/// sh, bash and the like, by the last part of a path.
bool is_shell(std::string_view path);
/// Interpreters that take program text after -c or -e.
bool is_interpreter(std::string_view path);

}  // namespace cohort::scan
