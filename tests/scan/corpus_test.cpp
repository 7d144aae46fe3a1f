// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Recall and precision on the corpus, by CWE, with floors; and flawfinder's figures beside, where it is installed.
// A line of a sample that should be found ends in `// BAD[rule]`; anything else that is found is a false alarm.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "cohort/subprocess.hpp"
#include "scan/files.hpp"
#include "scan/scan_text.hpp"

namespace {

using namespace cohort::scan;

// file, line, rule
using Place = std::tuple<std::string, std::uint32_t, std::string>;

struct Figures {
  int wanted = 0;
  int found = 0;
  int false_alarms = 0;
  [[nodiscard]] double recall() const { return wanted == 0 ? 1 : static_cast<double>(found) / wanted; }
  [[nodiscard]] double precision() const {
    return found + false_alarms == 0 ? 1 : static_cast<double>(found) / (found + false_alarms);
  }
};

std::string cwe_of(const std::string& path) { return std::filesystem::path(path).parent_path().filename().string(); }

std::vector<std::string> corpus_files() {
  std::vector<std::string> files;
  for (const auto& path : find_files({COHORT_SCAN_CORPUS}, {}).files) files.push_back(path.string());
  return files;
}

std::set<Place> marked(const std::string& path, const std::string& text) {
  std::set<Place> places;
  std::istringstream lines(text);
  std::string line;
  for (std::uint32_t number = 1; std::getline(lines, line); ++number) {
    for (auto at = line.find("BAD["); at != std::string::npos; at = line.find("BAD[", at + 1)) {
      std::string rule = line.substr(at + 4, line.find(']', at) - at - 4);
      EXPECT_NE(find_rule(rule), nullptr) << path << ":" << number << ": no rule " << rule;
      places.emplace(path, number, rule);
    }
  }
  return places;
}

std::map<std::string, Figures> compare(const std::set<Place>& wanted, const std::set<Place>& found, bool tell) {
  std::map<std::string, Figures> figures;
  for (const Place& place : wanted) {
    Figures& of_cwe = figures[cwe_of(std::get<0>(place))];
    ++of_cwe.wanted;
    of_cwe.found += found.contains(place) ? 1 : 0;
    if (tell && !found.contains(place))
      std::printf("missed:      %s:%u %s\n", std::get<0>(place).c_str(), std::get<1>(place),
                  std::get<2>(place).c_str());
  }
  for (const Place& place : found) {
    if (wanted.contains(place)) continue;
    ++figures[cwe_of(std::get<0>(place))].false_alarms;
    if (tell)
      std::printf("false alarm: %s:%u %s\n", std::get<0>(place).c_str(), std::get<1>(place),
                  std::get<2>(place).c_str());
  }
  return figures;
}

Figures sum(const std::map<std::string, Figures>& figures) {
  Figures all;
  for (const auto& [cwe, of_cwe] : figures) {
    all.wanted += of_cwe.wanted;
    all.found += of_cwe.found;
    all.false_alarms += of_cwe.false_alarms;
  }
  return all;
}

// The same places without the rule: what another tool calls a thing is its own affair.
std::set<Place> lines_of(const std::set<Place>& places) {
  std::set<Place> lines;
  for (const Place& place : places) lines.emplace(std::get<0>(place), std::get<1>(place), "");
  return lines;
}

std::optional<std::set<Place>> flawfinder() {
  if (cohort::subprocess::run(cohort::subprocess::Shell{"command -v flawfinder"}, {.capture_output = true})
          .returncode() != 0)
    return std::nullopt;
  std::istringstream report(cohort::subprocess::check_output(
      {"flawfinder", "--quiet", "--dataonly", "--singleline", "--minlevel=1", COHORT_SCAN_CORPUS},
      {.err = cohort::subprocess::DEVNULL}));
  std::set<Place> places;
  std::string line;
  while (std::getline(report, line)) {
    auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    places.emplace(line.substr(0, colon), static_cast<std::uint32_t>(std::atoi(line.c_str() + colon + 1)), "");
  }
  return places;
}

void print_row(const std::string& name, const Figures& ours, const Figures* theirs) {
  std::printf("%-8s %6d   %6.3f %9.3f", name.c_str(), ours.wanted, ours.recall(), ours.precision());
  if (theirs != nullptr) std::printf("   | %6.3f %9.3f", theirs->recall(), theirs->precision());
  std::printf("\n");
}

TEST(Corpus, has_many_bad_samples_and_as_many_good_ones_that_look_alike) {
  std::map<std::string, int> samples;
  for (const std::string& file : corpus_files())
    ++samples[std::filesystem::path(file).parent_path().parent_path().filename().string()];
  EXPECT_GE(samples["bad"], 80);
  EXPECT_GE(samples["good"], 80);
}

TEST(Corpus, is_found_with_a_recall_and_a_precision_above_the_floors) {
  std::set<Place> wanted;
  std::set<Place> found;
  for (const std::string& path : corpus_files()) {
    FileText file = read_file(path, 1U << 20U);
    ASSERT_TRUE(file.readable) << path;
    std::set<Place> marks = marked(path, file.text);
    EXPECT_EQ(marks.empty(), path.find("/good/") != std::string::npos) << path;
    wanted.merge(marks);
    for (const Finding& finding : scan_text(file.text))
      found.emplace(path, finding.line, std::string(finding.rule->id));
  }
  std::map<std::string, Figures> figures = compare(wanted, found, true);
  std::map<std::string, Figures> theirs;
  auto other = flawfinder();
  if (other) theirs = compare(lines_of(wanted), *other, false);
  std::printf("%-8s %6s   %6s %9s%s\n", "", "wanted", "recall", "precision", other ? "   | flawfinder, by line" : "");
  for (const auto& [cwe, of_cwe] : figures) {
    print_row(cwe, of_cwe, other ? &theirs[cwe] : nullptr);
    EXPECT_GE(of_cwe.recall(), 0.75) << cwe;
    EXPECT_GE(of_cwe.precision(), 0.75) << cwe;
  }
  Figures all = sum(figures);
  Figures all_theirs = sum(theirs);
  print_row("all", all, other ? &all_theirs : nullptr);
  EXPECT_GE(all.recall(), 0.95);
  EXPECT_GE(all.precision(), 0.90);
}

// Functions as they stand in programs (corpus/programs), the small samples beside them; the same command prints both:
// scan_test --gtest_filter='Corpus.*'
TEST(Corpus, shell_sinks_are_found_and_what_is_reported_with_high_confidence_is_right) {
  std::map<std::string, Figures> sinks;
  std::map<std::string, Figures> sure;
  for (const std::string& path : corpus_files()) {
    FileText file = read_file(path, 1U << 20U);
    std::string part = path.find("/programs/") == std::string::npos ? "samples" : cwe_of(path);
    std::set<Place> marks = marked(path, file.text);
    std::set<Place> found;
    for (const Finding& finding : scan_text(file.text)) {
      Place place{path, finding.line, std::string(finding.rule->id)};
      found.insert(place);
      if (finding.confidence == Confidence::high)
        ++(marks.contains(place) ? sure[part].found : sure[part].false_alarms);
    }
    for (const Place& mark : marks) {
      if (!std::get<2>(mark).starts_with("shell-")) continue;
      ++sinks[part].wanted;
      sinks[part].found += found.contains(mark) ? 1 : 0;
    }
  }
  for (const auto& [part, figures] : sinks)
    std::printf("%-9s shell sinks found: %d of %d; right at high confidence: %d of %d\n", part.c_str(), figures.found,
                figures.wanted, sure[part].found, sure[part].found + sure[part].false_alarms);
  EXPECT_GE(sum(sinks).recall(), 0.95);
  EXPECT_GE(sum(sure).precision(), 0.95);
  for (const char* part : {"held_out", "first_sight", "second_tuned", "second_sight"}) {
    EXPECT_GE(sinks[part].recall(), 0.95) << part;
    EXPECT_GE(sure[part].precision(), 0.95) << part;
  }
}

}  // namespace
