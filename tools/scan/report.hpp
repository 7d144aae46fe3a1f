// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The result of a scan as text, as JSON, and as SARIF 2.1.0 for services that show findings beside the code.
#pragma once

#include <string>
#include <vector>

#include "scan/files.hpp"
#include "scan/scan_text.hpp"

namespace cohort::scan {

struct Report {
  std::vector<Finding> findings;
  std::vector<Trouble> troubles;
  std::size_t files = 0;
  /// Findings that the baseline knows; they are not among `findings`.
  std::size_t known = 0;
};

std::string as_text(const Report& report);
std::string as_json(const Report& report);
std::string as_sarif(const Report& report);

/// All rules with severity, CWE and advice.
std::string rules_as_text();

/// A baseline: the fingerprints of findings that are accepted for now.
std::string as_baseline(const Report& report);
/// Takes the findings out that `baseline` knows. @throws std::runtime_error  when it is no baseline
void apply_baseline(Report& report, const std::string& baseline);

}  // namespace cohort::scan
