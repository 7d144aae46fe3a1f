// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// cohort-scan as a program: exit status, formats, baseline, bad input.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cohort/subprocess.hpp"

namespace {

using nlohmann::json;
namespace fs = std::filesystem;
namespace sp = cohort::subprocess;

class ScanProgram : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cohort-scan.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) {
    fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static sp::CompletedProcess scan(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), COHORT_SCAN_PROGRAM);
    return sp::run(arguments, {.capture_output = true, .timeout = std::chrono::seconds(60)});
  }

  fs::path folder_;
  const std::string bad_ = "void f(const char* x) { system(x); }\n";
  const std::string clean_ = "void f() {}\n";
};

TEST_F(ScanProgram, ends_with_0_when_clean_and_1_with_findings_at_or_above_the_bound) {
  EXPECT_EQ(scan({write("clean.cpp", clean_)}).returncode(), 0);
  fs::path bad = write("bad.cpp", bad_);
  sp::CompletedProcess done = scan({bad});
  EXPECT_EQ(done.returncode(), 1);
  EXPECT_NE(done.out.find("bad.cpp:1:25: high: "), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("CWE-78"), std::string::npos);
  fs::path low = write("low.cpp", "bool f() { return system(\"ls\") == 0; }\n");
  EXPECT_EQ(scan({low, "--fail-on", "medium"}).returncode(), 0);
  EXPECT_EQ(scan({low, "--fail-on", "low"}).returncode(), 1);
  EXPECT_EQ(scan({bad, "--fail-on", "never"}).returncode(), 0);
  EXPECT_EQ(scan({bad, "--disable", "shell-command"}).returncode(), 0);
}

TEST_F(ScanProgram, ends_with_2_when_it_could_not_do_its_work) {
  EXPECT_EQ(scan({}).returncode(), 2);
  EXPECT_EQ(scan({"--no-such-option"}).returncode(), 2);
  EXPECT_EQ(scan({(folder_ / "none").string()}).returncode(), 2);
  EXPECT_EQ(scan({write("a.cpp", clean_), "--disable", "no-such-rule"}).returncode(), 2);
  EXPECT_EQ(scan({write("a.cpp", clean_), "--baseline", write("b.json", "{")}).returncode(), 2);
  EXPECT_EQ(scan({write("a.cpp", clean_), "--output", (folder_ / "no" / "x").string()}).returncode(), 2);
  EXPECT_EQ(scan({"/dev/null"}).returncode(), 2);
}

TEST_F(ScanProgram, says_what_is_wrong_with_a_file_that_it_cannot_scan) {
  sp::CompletedProcess binary = scan({write("binary.cpp", std::string("int a;\0\1\2", 9))});
  EXPECT_EQ(binary.returncode(), 2);
  EXPECT_NE(binary.err.find("binary.cpp: is binary"), std::string::npos) << binary.err;
  sp::CompletedProcess huge = scan({write("huge.cpp", std::string(5000, 'a')), "--max-bytes", "4999"});
  EXPECT_EQ(huge.returncode(), 2);
  EXPECT_NE(huge.err.find("has 5000 bytes"), std::string::npos) << huge.err;
  // Latin-1 in a comment must not hide what comes after it.
  sp::CompletedProcess latin =
      scan({write("latin.cpp", "// gr\xfc\xdf\n" + bad_ + "// \xff system\n"), "--format", "json"});
  EXPECT_EQ(latin.returncode(), 1);
  EXPECT_NE(latin.err.find("is not UTF-8 from offset 5"), std::string::npos) << latin.err;
  EXPECT_TRUE(json::accept(latin.out));
}

TEST_F(ScanProgram, walks_a_folder_without_following_links_in_circles_or_opening_pipes) {
  write("a/b/bad.cpp", bad_);
  write("a/readme.txt", bad_);
  write("a/.hidden/bad.cpp", bad_);
  write("a/third_party/bad.cpp", bad_);
  fs::create_directory_symlink(folder_ / "a", folder_ / "a" / "b" / "again");
  fs::create_symlink("self.cpp", folder_ / "a" / "self.cpp");
  sp::run({"mkfifo", folder_ / "a" / "pipe.cpp"}, {.check = true});
  sp::CompletedProcess done = scan({folder_, "--format", "json", "--exclude", "*/third_party/*"});
  EXPECT_EQ(done.returncode(), 1) << done.err;
  json report = json::parse(done.out);
  EXPECT_EQ(report["files"], 1);
  ASSERT_EQ(report["findings"].size(), 1U);
  EXPECT_EQ(report["findings"][0]["rule"], "shell-command");
  EXPECT_EQ(report["findings"][0]["cwe"], 78);
  EXPECT_EQ(report["findings"][0]["line"], 1);
}

TEST_F(ScanProgram, is_silent_about_what_the_baseline_knows) {
  fs::path bad = write("bad.cpp", bad_);
  std::string baseline = (folder_ / "baseline.json").string();
  EXPECT_EQ(scan({bad, "--write-baseline", baseline}).returncode(), 0);
  sp::CompletedProcess done = scan({bad, "--baseline", baseline});
  EXPECT_EQ(done.returncode(), 0) << done.out;
  EXPECT_NE(done.out.find("1 more in the baseline"), std::string::npos);
  write("bad.cpp", "\n" + bad_ + "void g(const char* y) { popen(y, \"r\"); }\n");
  done = scan({bad, "--baseline", baseline});
  EXPECT_EQ(done.returncode(), 1);
  EXPECT_NE(done.out.find("bad.cpp:3:"), std::string::npos) << done.out;
}

// The properties that the SARIF 2.1.0 schema requires, and those that code hosts read.
TEST_F(ScanProgram, writes_sarif) {
  fs::path output = folder_ / "out.sarif";
  EXPECT_EQ(scan({COHORT_SCAN_CORPUS "/bad", write("odd name%.cpp", bad_), "--format", "sarif", "--output", output})
                .returncode(),
            1);
  std::ifstream in(output);
  json log = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  EXPECT_EQ(log.at("version"), "2.1.0");
  EXPECT_TRUE(log.at("$schema").get<std::string>().find("sarif-2.1.0") != std::string::npos);
  ASSERT_EQ(log.at("runs").size(), 1U);
  const json& run = log["runs"][0];
  const json& driver = run.at("tool").at("driver");
  EXPECT_EQ(driver.at("name"), "cohort-scan");
  for (const json& rule : driver.at("rules")) {
    EXPECT_FALSE(rule.at("shortDescription").at("text").get<std::string>().empty());
    EXPECT_TRUE(rule.at("properties").at("tags").is_array());
    EXPECT_GT(std::stod(rule.at("properties").at("security-severity").get<std::string>()), 0);
  }
  EXPECT_TRUE(run.at("invocations")[0].at("executionSuccessful").get<bool>());
  ASSERT_GE(run.at("results").size(), 80U);
  bool odd = false;
  for (const json& result : run["results"]) {
    auto index = result.at("ruleIndex").get<std::size_t>();
    ASSERT_LT(index, driver["rules"].size());
    EXPECT_EQ(driver["rules"][index].at("id"), result.at("ruleId"));
    std::string level = result.at("level");
    EXPECT_TRUE(level == "error" || level == "warning" || level == "note") << level;
    EXPECT_FALSE(result.at("message").at("text").get<std::string>().empty());
    ASSERT_EQ(result.at("locations").size(), 1U);
    const json& place = result["locations"][0].at("physicalLocation");
    std::string uri = place.at("artifactLocation").at("uri");
    EXPECT_EQ(uri.find(' '), std::string::npos);
    odd |= uri.ends_with("odd%20name%25.cpp");
    EXPECT_GE(place.at("region").at("startLine").get<int>(), 1);
    EXPECT_GE(place.at("region").at("startColumn").get<int>(), 1);
    EXPECT_EQ(result.at("partialFingerprints").at("cohortScan/v1").get<std::string>().size(), 16U);
  }
  EXPECT_TRUE(odd);
}

TEST_F(ScanProgram, lists_its_rules) {
  sp::CompletedProcess done = scan({"--list-rules"});
  EXPECT_EQ(done.returncode(), 0);
  for (const char* name : {"shell-command", "CWE-78", "CWE-377", "CWE-426", "CWE-676"})
    EXPECT_NE(done.out.find(name), std::string::npos) << name;
}

}  // namespace
