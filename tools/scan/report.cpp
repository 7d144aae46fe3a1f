// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/report.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace cohort::scan {

namespace {

using Json = nlohmann::ordered_json;

std::string count(std::size_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

// Lines of files that are not UTF-8 may be in it.
std::string written(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string cwe_name(const Rule& rule) { return rule.cwe == 0 ? "" : "CWE-" + std::to_string(rule.cwe); }

std::string_view sarif_level(Severity severity) {
  return severity == Severity::high ? "error" : severity == Severity::medium ? "warning" : "note";
}

// GitHub sorts by this: above 7 is high, above 4 medium.
std::string_view sarif_score(Severity severity) {
  return severity == Severity::high ? "8.0" : severity == Severity::medium ? "5.5" : "3.0";
}

// A path as a URI: bytes that have a meaning there, or are no ASCII, in hexadecimal.
std::string as_uri(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = path.starts_with("/") ? "file://" : "";
  while (path.starts_with("./")) path.remove_prefix(2);
  for (char c : path) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 kPlain.find(c) != std::string_view::npos;
    auto byte = static_cast<unsigned char>(c);
    if (plain)
      uri += c;
    else
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return uri;
}

Json sarif_rules() {
  Json list = Json::array();
  for (const Rule& rule : rules()) {
    Json tags = Json::array({"security"});
    if (rule.cwe != 0) tags.push_back("external/cwe/cwe-" + std::to_string(rule.cwe));
    list.push_back({{"id", rule.id},
                    {"shortDescription", {{"text", rule.message}}},
                    {"help", {{"text", "Write instead: " + std::string(rule.instead)}}},
                    {"defaultConfiguration", {{"level", sarif_level(rule.severity)}}},
                    {"properties",
                     {{"tags", tags},
                      {"precision", to_string(rule.confidence)},
                      {"security-severity", sarif_score(rule.severity)}}}});
  }
  return list;
}

Json sarif_result(const Finding& finding) {
  Json region = {{"startLine", finding.line}, {"startColumn", finding.column}, {"snippet", {{"text", finding.source}}}};
  Json location = {{"physicalLocation", {{"artifactLocation", {{"uri", as_uri(finding.path)}}}, {"region", region}}}};
  return {{"ruleId", finding.rule->id},
          {"ruleIndex", static_cast<std::size_t>(finding.rule - rules().data())},
          {"level", sarif_level(finding.rule->severity)},
          {"message", {{"text", finding.message + ". Write instead: " + std::string(finding.rule->instead)}}},
          {"locations", Json::array({location})},
          {"partialFingerprints", {{"cohortScan/v1", finding.fingerprint}}},
          {"properties", {{"confidence", to_string(finding.confidence)}}}};
}

}  // namespace

std::string as_text(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    const Rule& rule = *finding.rule;
    text += finding.path + ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " +
            std::string(to_string(rule.severity)) + ": " + finding.message + " [" + std::string(rule.id) +
            (rule.cwe == 0 ? "" : ", " + cwe_name(rule)) + ", confidence " +
            std::string(to_string(finding.confidence)) + "]\n    " + finding.source +
            "\n    instead: " + std::string(rule.instead) + "\n";
  }
  text += count(report.findings.size(), "finding") + " in " + count(report.files, "file");
  if (report.known != 0) text += ", " + std::to_string(report.known) + " more in the baseline";
  return text + "\n";
}

std::string as_json(const Report& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"rule", finding.rule->id},
                        {"cwe", finding.rule->cwe},
                        {"severity", to_string(finding.rule->severity)},
                        {"confidence", to_string(finding.confidence)},
                        {"path", finding.path},
                        {"line", finding.line},
                        {"column", finding.column},
                        {"message", finding.message},
                        {"instead", finding.rule->instead},
                        {"source", finding.source},
                        {"fingerprint", finding.fingerprint}});
  }
  Json troubles = Json::array();
  for (const Trouble& trouble : report.troubles) {
    troubles.push_back({{"path", trouble.path}, {"message", trouble.message}, {"scanned", !trouble.fatal}});
  }
  return written({{"tool", "cohort-scan"},
                  {"version", COHORT_SCAN_VERSION},
                  {"files", report.files},
                  {"in_baseline", report.known},
                  {"findings", findings},
                  {"troubles", troubles}});
}

std::string as_sarif(const Report& report) {
  Json results = Json::array();
  for (const Finding& finding : report.findings) results.push_back(sarif_result(finding));
  Json notes = Json::array();
  bool whole = true;
  for (const Trouble& trouble : report.troubles) {
    whole = whole && !trouble.fatal;
    Json location = {{"physicalLocation", {{"artifactLocation", {{"uri", as_uri(trouble.path)}}}}}};
    notes.push_back({{"level", trouble.fatal ? "error" : "note"},
                     {"message", {{"text", trouble.message}}},
                     {"locations", Json::array({location})}});
  }
  Json driver = {{"name", "cohort-scan"}, {"version", COHORT_SCAN_VERSION}, {"rules", sarif_rules()}};
  Json run = {{"tool", {{"driver", driver}}},
              {"columnKind", "unicodeCodePoints"},
              {"invocations", Json::array({{{"executionSuccessful", whole}, {"toolExecutionNotifications", notes}}})},
              {"results", results}};
  return written({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", Json::array({run})}});
}

std::string rules_as_text() {
  std::string text;
  for (const Rule& rule : rules()) {
    text += std::string(rule.id) + "  " + std::string(to_string(rule.severity)) +
            (rule.cwe == 0 ? "" : "  " + cwe_name(rule)) + "\n    " + std::string(rule.message) +
            "\n    instead: " + std::string(rule.instead) + "\n";
  }
  return text;
}

std::string as_baseline(const Report& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"fingerprint", finding.fingerprint},
                        {"rule", finding.rule->id},
                        {"path", finding.path},
                        {"line", finding.line}});
  }
  return written({{"cohort-scan-baseline", 1}, {"findings", findings}});
}

void apply_baseline(Report& report, const std::string& baseline) {
  std::set<std::string> known;
  try {
    Json json = Json::parse(baseline);
    if (json.at("cohort-scan-baseline") != 1) throw std::runtime_error("its version is not 1");
    for (const Json& finding : json.at("findings")) known.insert(finding.at("fingerprint").get<std::string>());
  } catch (const Json::exception& error) { throw std::runtime_error(error.what()); }
  report.known =
      std::erase_if(report.findings, [&](const Finding& finding) { return known.contains(finding.fingerprint); });
}

}  // namespace cohort::scan
