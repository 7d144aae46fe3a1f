// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/command.hpp"

#include "cohort/shlex/shlex.hpp"
#include "cohort/subprocess/shell.hpp"

namespace cohort::subprocess {

// cohort-scan: ignore[shell-exec] the text of a Shell is a constant whose arguments are quoted
Command::Command(const Shell& shell) : words_{"/bin/sh", "-c", shell.text()}, is_shell_(true) {}

std::string Command::to_string() const {
  if (is_shell_ && words_.size() == 3) return words_[2];
  return shlex::join(std::span<const std::string>(words_));
}

}  // namespace cohort::subprocess
