// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// cohort-scan: finds unsafe process calls in C++ code. docs/guides/scanning.md tells how to use it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "scan/report.hpp"

namespace {

using namespace cohort::scan;

constexpr int kClean = 0;
constexpr int kFindings = 1;
constexpr int kTrouble = 2;

struct Settings {
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> excluded;
  std::vector<std::string> disabled;
  std::string format = "text";
  std::string output;
  std::string fail_on = "low";
  std::string least_confidence = "low";
  std::string baseline;
  std::string new_baseline;
  std::size_t most_bytes = std::size_t{8} << 20U;
  bool list_rules = false;
};

int level(const std::string& name) { return name == "low" ? 0 : name == "medium" ? 1 : name == "high" ? 2 : 3; }

void define(CLI::App& app, Settings& settings) {
  const std::vector<std::string> kLevels = {"low", "medium", "high"};
  app.add_option("PATH", settings.paths, "files, and folders with all their C++ files");
  app.add_option("--format", settings.format, "text, json or sarif")
      ->check(CLI::IsMember({"text", "json", "sarif"}))
      ->capture_default_str();
  app.add_option("--output", settings.output, "write the report there");
  app.add_option("--fail-on", settings.fail_on,
                 "the least severity that makes the exit status 1: low, medium, high, never")
      ->check(CLI::IsMember({"low", "medium", "high", "never"}))
      ->capture_default_str();
  app.add_option("--min-confidence", settings.least_confidence, "leave out findings below: low, medium, high")
      ->check(CLI::IsMember(kLevels))
      ->capture_default_str();
  app.add_option("--disable", settings.disabled, "leave out a rule; may be repeated");
  app.add_option("--exclude", settings.excluded,
                 "leave out paths that match a pattern, such as '*/third_party/*'; may be repeated");
  app.add_option("--baseline", settings.baseline, "leave out the findings that this file lists");
  app.add_option("--write-baseline", settings.new_baseline, "write all findings to this file and end with 0");
  app.add_option("--max-bytes", settings.most_bytes, "the largest file that is read")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30U))
      ->capture_default_str();
  app.add_flag("--list-rules", settings.list_rules, "print the rules");
  app.set_version_flag("--version", COHORT_SCAN_VERSION);
  app.footer("Exit status: 0 clean, 1 findings at or above --fail-on, 2 something could not be scanned or written.");
}

Report scan(const Settings& settings) {
  Report report;
  FileList list = find_files(settings.paths, settings.excluded);
  report.troubles = std::move(list.troubles);
  for (const std::filesystem::path& path : list.files) {
    FileText file = read_file(path, settings.most_bytes);
    std::move(file.troubles.begin(), file.troubles.end(), std::back_inserter(report.troubles));
    if (!file.readable) continue;
    ++report.files;
    std::vector<Finding> findings = scan_text(file.text);
    place_findings(findings, path.lexically_normal().string());
    std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
  }
  std::erase_if(report.findings, [&](const Finding& finding) {
    bool disabled =
        std::find(settings.disabled.begin(), settings.disabled.end(), finding.rule->id) != settings.disabled.end();
    return disabled || static_cast<int>(finding.confidence) < level(settings.least_confidence);
  });
  return report;
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) std::cerr << "cohort-scan: " << path << ": cannot be written\n";
  return static_cast<bool>(out);
}

bool use_baseline(Report& report, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  try {
    if (!in) throw std::runtime_error("cannot be read");
    apply_baseline(report, text);
    return true;
  } catch (const std::exception& error) {
    std::cerr << "cohort-scan: " << path << ": no baseline: " << error.what() << "\n";
    return false;
  }
}

int run(const Settings& settings) {
  for (const std::string& rule : settings.disabled) {
    if (find_rule(rule) == nullptr) {
      std::cerr << "cohort-scan: no rule '" << rule << "'; --list-rules has all\n";
      return kTrouble;
    }
  }
  Report report = scan(settings);
  for (const Trouble& trouble : report.troubles)
    std::cerr << "cohort-scan: " << trouble.path << ": " << trouble.message << "\n";
  bool whole = std::none_of(report.troubles.begin(), report.troubles.end(),
                            [](const Trouble& trouble) { return trouble.fatal; });
  if (!settings.new_baseline.empty())
    return write_file(settings.new_baseline, as_baseline(report)) && whole ? kClean : kTrouble;
  if (!settings.baseline.empty() && !use_baseline(report, settings.baseline)) return kTrouble;
  std::string text = settings.format == "json"    ? as_json(report)
                     : settings.format == "sarif" ? as_sarif(report)
                                                  : as_text(report);
  if (settings.output.empty())
    std::cout << text << std::flush;
  else
    whole = write_file(settings.output, text) && whole;
  if (!whole || !std::cout) return kTrouble;
  bool fails = std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
    return static_cast<int>(finding.rule->severity) >= level(settings.fail_on);
  });
  return fails ? kFindings : kClean;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Finds unsafe process calls in C++ code: shells, temporary files, search paths, privileges.",
               "cohort-scan");
  Settings settings;
  define(app, settings);
  try {
    app.parse(argc, argv);
    if (settings.list_rules) {
      std::cout << rules_as_text();
      return kClean;
    }
    if (settings.paths.empty()) throw CLI::RequiredError("PATH");
    return run(settings);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kClean : kTrouble;
  } catch (const std::exception& error) {
    std::cerr << "cohort-scan: " << error.what() << "\n";
    return kTrouble;
  }
}
