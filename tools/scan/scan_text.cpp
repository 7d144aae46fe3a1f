// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/scan_text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "scan/checks.hpp"

namespace cohort::scan {

namespace {

constexpr std::string_view kMark = "cohort-scan: ignore";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  auto begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Generated code has lines of megabytes. Cut between characters.
std::string_view shortened(std::string_view line) {
  constexpr std::size_t kLongest = 240;
  if (line.size() <= kLongest) return line;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end);
}

// Where each line begins.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  [[nodiscard]] std::string_view line(std::uint32_t number) const {
    if (number > starts_.size()) return {};
    std::size_t begin = starts_[number - 1];
    return text_.substr(begin, text_.find('\n', begin) - begin);
  }
  // Asked for offsets that only grow, it counts each character once.
  std::uint32_t column(std::uint32_t line, std::uint32_t offset) {
    std::size_t start = starts_[line - 1];
    if (counted_ < start || counted_ > offset) {
      counted_ = start;
      column_ = 1;
    }
    for (; counted_ < offset && counted_ < text_.size(); ++counted_) {
      column_ += (static_cast<unsigned char>(text_[counted_]) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return column_;
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_ = {0};
  std::size_t counted_ = 0;
  std::uint32_t column_ = 1;
};

class Suppressions {
 public:
  Suppressions(const TokenizedSource& source, std::vector<Finding>& complaints) {
    std::vector<std::uint32_t> code;
    for (const Token& token : source.tokens) code.push_back(token.line);
    std::sort(code.begin(), code.end());
    for (const Comment& comment : source.comments) read(comment, code, complaints);
  }
  [[nodiscard]] bool covers(std::uint32_t line, std::string_view rule) const {
    return rules_.contains(std::pair(line, std::string(rule)));
  }

 private:
  void read(const Comment& comment, const std::vector<std::uint32_t>& code, std::vector<Finding>& complaints) {
    std::string_view rest = trimmed(comment.text);
    if (!rest.starts_with(kMark)) return;
    rest = trimmed(rest.substr(kMark.size()));
    auto close = rest.find(']');
    bool good = rest.starts_with("[") && close != std::string_view::npos && close > 1 &&
                !trimmed(rest.substr(close + 1)).empty();
    // The line itself, or the next one with code on it.
    std::uint32_t line = comment.last_line;
    if (!std::binary_search(code.begin(), code.end(), line)) {
      auto next = std::upper_bound(code.begin(), code.end(), line);
      if (next != code.end()) line = *next;
    }
    std::string_view names = good ? rest.substr(1, close - 1) : std::string_view();
    while (good && !names.empty()) {
      auto comma = names.find(',');
      std::string_view name = trimmed(names.substr(0, comma));
      good = find_rule(name) != nullptr;
      rules_.emplace(line, std::string(name));
      names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
    if (good) return;
    Finding complaint;
    complaint.rule = find_rule("bad-suppression");
    complaint.line = comment.first_line;
    complaint.message = complaint.rule->message;
    complaints.push_back(std::move(complaint));
  }

  std::set<std::pair<std::uint32_t, std::string>> rules_;
};

auto place(const Finding& finding) { return std::tuple(finding.line, finding.column, finding.rule->id); }

std::vector<Offence> offences_of(const Outline& outline) {
  std::vector<Offence> offences;
  Callees callees(outline);
  for (const Region& region : outline.regions()) {
    Scene scene(outline, region, callees, offences);
    check_shells(scene);
    check_search(scene);
    check_secrets(scene);
    check_files(scene);
    check_privileges(scene);
    check_children(scene);
  }
  auto place_of = [](const Offence& offence) {
    return std::tuple(offence.token, offence.rule->id, std::string_view(offence.detail));
  };
  std::sort(offences.begin(), offences.end(),
            [&](const Offence& a, const Offence& b) { return place_of(a) < place_of(b); });
  return offences;
}

std::uint64_t hash(std::string_view text, std::uint64_t value) {
  for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;  // FNV-1a
  return (value ^ 0xFFU) * 1099511628211U;
}

}  // namespace

std::vector<Finding> scan_text(std::string_view text) {
  const TokenizedSource source = tokenize(text);
  const Outline outline(source);
  Lines lines(text);
  std::vector<Finding> findings;
  const Suppressions suppressions(source, findings);
  for (const Offence& offence : offences_of(outline)) {
    const Token& token = source.tokens[offence.token];
    if (suppressions.covers(token.line, offence.rule->id)) continue;
    Finding finding;
    finding.rule = offence.rule;
    finding.confidence = offence.confidence;
    finding.line = token.line;
    finding.column = lines.column(token.line, token.offset);
    finding.message = std::string(offence.rule->message) + (offence.detail.empty() ? "" : ": " + offence.detail);
    findings.push_back(std::move(finding));
  }
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return place(a) < place(b); });
  auto same = [](const Finding& a, const Finding& b) { return a.line == b.line && a.rule == b.rule; };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
  for (Finding& finding : findings) finding.source = shortened(trimmed(lines.line(finding.line)));
  return findings;
}

void place_findings(std::vector<Finding>& findings, std::string_view path) {
  std::map<std::uint64_t, std::uint64_t> seen;
  for (Finding& finding : findings) {
    finding.path = path;
    std::uint64_t value = hash(finding.source, hash(path, hash(finding.rule->id, 14695981039346656037U)));
    value = hash(std::to_string(seen[value]++), value);
    constexpr std::string_view kDigits = "0123456789abcdef";
    finding.fingerprint.clear();
    for (int shift = 60; shift >= 0; shift -= 4)
      finding.fingerprint += kDigits[value >> static_cast<unsigned>(shift) & 15U];
  }
}

}  // namespace cohort::scan
