// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Every way to close and cross the standard streams. A forked copy of the test does the crossing, so that the test
// program keeps its own streams; it reports through its exit code and a file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/child.hpp"
#include "os/spawn.hpp"

namespace cohort::os {
namespace {

namespace fs = std::filesystem;

constexpr int kNone = -1;

class SpawnFds : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("cohort-spawn-fds-" + std::to_string(getpid()));
    fs::create_directories(directory_);
    for (int i = 0; i < 8; ++i) std::ofstream(file(i)) << i;
    force_spawn_fallbacks(GetParam());
  }
  void TearDown() override {
    force_spawn_fallbacks(force_none);
    fs::remove_all(directory_);
  }
  std::string file(int number) const { return (directory_ / ("file" + std::to_string(number))).string(); }

  // What the child has open: number to file name.
  std::map<int, std::string> run(const SpawnPlan& base) const {
    std::string list = (directory_ / "list").string();
    SpawnPlan plan = base;
    plan.argv = {"/bin/sh", "-c", "(ls -l /proc/$$/fd > " + list + " 2>/dev/null); :"};  // sh redirects in a copy
    Child child = Child::start(plan);
    child.wait(Deadline::never());
    std::ifstream in(list);
    std::map<int, std::string> open;
    for (std::string line; std::getline(in, line);) {
      std::size_t arrow = line.find(" -> ");
      if (arrow == std::string::npos) continue;
      std::size_t start = line.rfind(' ', arrow - 1) + 1;
      open[std::stoi(line.substr(start, arrow - start))] = line.substr(arrow + 4);
    }
    return open;
  }

  // Runs `body` in a forked copy whose streams 0 to 2 are file0 to file2 and 40 is file3; returns its complaints.
  std::string in_copy(const std::function<std::string()>& body) const {
    std::string verdict = (directory_ / "verdict").string();
    pid_t pid = fork();
    if (pid == 0) {
      std::string text;
      try {
        arrange();
        text = body();
      } catch (const std::exception& error) { text = std::string("exception: ") + error.what(); }
      std::ofstream(verdict) << text << "done";
      _exit(0);
    }
    waitpid(pid, nullptr, 0);
    std::stringstream all;
    all << std::ifstream(verdict).rdbuf();
    return all.str();
  }
  void arrange() const {
    for (int fd = 0; fd < 3; ++fd) {
      int opened = open(file(fd).c_str(), O_RDWR);
      dup2(opened, fd);
      if (opened > 2) close(opened);
    }
    int high = open(file(3).c_str(), O_RDWR | O_CLOEXEC);
    fcntl(high, F_DUPFD_CLOEXEC, 40);
    close(high);
  }

 private:
  fs::path directory_;
};
INSTANTIATE_TEST_SUITE_P(Modes, SpawnFds, testing::Values(force_none, force_no_shared_memory));

// What one combination must give, against what it gave.
std::string differences(const SpawnFds&, const std::array<int, 3>& sources, int closed_in_parent,
                        const std::map<int, std::string>& got, const std::array<std::string, 41>& names) {
  std::string text;
  for (int child = 0; child < 3; ++child) {
    std::string wanted = sources[child] == kNone ? "" : names[sources[child]];
    auto found = got.find(child);
    std::string have = found == got.end() ? "" : found->second;
    if (have != wanted) {
      text += "closed=" + std::to_string(closed_in_parent) + " map=";
      for (int source : sources) text += std::to_string(source) + ",";
      text += " fd " + std::to_string(child) + " is '" + have + "', not '" + wanted + "'\n";
    }
  }
  for (const auto& [fd, name] : got) {
    // The shell may keep its own descriptors from 10 on; nothing of ours may be there.
    if (fd > 2 && name.find("cohort-spawn-fds") != std::string::npos && name.find("/list") == std::string::npos) {
      text += "leaked " + std::to_string(fd) + " " + name + "\n";
    }
  }
  return text;
}

TEST_P(SpawnFds, every_crossing_of_open_and_closed_standard_streams) {
  const std::array<int, 5> choices{0, 1, 2, 40, kNone};
  for (int closed = 0; closed < 8; ++closed) {
    std::string verdict = in_copy([&] {
      std::array<std::string, 41> names;
      for (int fd = 0; fd < 3; ++fd) {
        if (closed >> fd & 1)
          close(fd);
        else
          names[fd] = file(fd);
      }
      names[40] = file(3);
      std::string complaints;
      for (int code = 0; code < 125; ++code) {
        std::array<int, 3> sources{choices[code % 5], choices[code / 5 % 5], choices[code / 25]};
        SpawnPlan plan;
        bool possible = true;
        for (int child = 0; child < 3; ++child) {
          int source = sources[child];
          if (source >= 0 && source < 3 && (closed >> source & 1)) possible = false;
          if (source == kNone)
            plan.closed_fds.push_back(child);
          else
            plan.fds.push_back({child, source});
        }
        if (possible) complaints += differences(*this, sources, closed, run(plan), names);
      }
      return complaints;
    });
    EXPECT_EQ(verdict, "done") << "closed in the parent: mask " << closed;
  }
}

TEST_P(SpawnFds, inherits_what_is_not_named_and_leaves_closed_what_is_closed) {
  for (int closed = 0; closed < 8; ++closed) {
    std::string verdict = in_copy([&] {
      for (int fd = 0; fd < 3; ++fd) {
        if (closed >> fd & 1) close(fd);
      }
      std::map<int, std::string> got = run(SpawnPlan{});
      std::string complaints;
      for (int fd = 0; fd < 3; ++fd) {
        bool open = got.count(fd) != 0;
        if (open == bool(closed >> fd & 1)) complaints += "fd " + std::to_string(fd) + " is wrong\n";
      }
      return complaints;
    });
    EXPECT_EQ(verdict, "done") << "closed in the parent: mask " << closed;
  }
}

TEST_P(SpawnFds, maps_to_high_numbers_rings_and_the_same_source_twice) {
  std::string verdict = in_copy([&] {
    SpawnPlan plan;
    plan.fds = {{40, 0}, {0, 1}, {1, 2}, {2, 40}, {200, 40}, {5, 5}, {7, 2}, {6, 1}};
    dup2(0, 5);
    std::map<int, std::string> got = run(plan);
    std::map<int, int> wanted{{40, 0}, {0, 1}, {1, 2}, {2, 3}, {200, 3}, {5, 0}, {7, 2}, {6, 1}};
    std::string complaints;
    for (auto [fd, number] : wanted) {
      if (got[fd] != file(number)) complaints += std::to_string(fd) + " is " + got[fd] + "\n";
    }
    return complaints;
  });
  EXPECT_EQ(verdict, "done");
}

TEST_P(SpawnFds, keeps_the_error_channel_away_from_every_target) {
  std::string verdict = in_copy([&] {
    SpawnPlan plan;
    for (int fd = 3; fd < 30; ++fd) plan.fds.push_back({fd, 40});
    plan.argv = {"/no/such/program"};
    try {
      (void)spawn(plan);
      return std::string("started\n");
    } catch (const SpawnError& error) { return error.operation() == "execve" ? std::string() : error.operation(); }
  });
  EXPECT_EQ(verdict, "done");
}

TEST_P(SpawnFds, names_the_descriptor_that_is_not_open) {
  SpawnPlan plan;
  plan.argv = {"/bin/true"};
  plan.fds = {{0, 999}};
  try {
    (void)spawn(plan);
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "dup2");
    EXPECT_EQ(error.subject(), "999");
    EXPECT_EQ(error.code().value(), EBADF);
  }
}

}  // namespace
}  // namespace cohort::os
