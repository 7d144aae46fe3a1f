// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The scan of one text.
//
//   for (const Finding& finding : scan_text(text)) …
//
// Suppressions are taken out: `// cohort-scan: ignore[rule, rule] reason`, on the line or above it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scan/rules.hpp"

namespace cohort::scan {

struct Finding {
  const Rule* rule = nullptr;
  Confidence confidence = Confidence::high;
  /// As the file was named to us; empty from scan_text().
  std::string path;
  /// Both from 1; the column counts characters, not bytes.
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  /// The rule's message, and what is particular here.
  std::string message;
  /// The line itself, without the blanks around it.
  std::string source;
  /// The same for the same finding when lines move: of rule, path, line's text, and which of equal ones it is.
  std::string fingerprint;
};

/// The findings by line and column. Any bytes are accepted.
std::vector<Finding> scan_text(std::string_view text);

/// Fills in path and fingerprint.
void place_findings(std::vector<Finding>& findings, std::string_view path);

}  // namespace cohort::scan
