// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// killer METRIC,METRIC... COMMAND...: runs a program that makes a tree of six processes, kills it with SIGKILL once
// they have said that they are up, and reports how long the last process of the tree lived on, and how many are there
// after a second.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "measure/clock.hpp"
#include "measure/report.hpp"

namespace {

constexpr int kRuns = 30;
constexpr int kProcesses = 6;
constexpr double kPatienceNs = 1e9;

struct Member {
  pid_t pid;
  pollfd ended;
};

/// The process and all its descendants, as /proc has them.
std::vector<Member> tree_of(pid_t root) {
  std::vector<Member> tree;
  std::vector<pid_t> open{root};
  while (!open.empty()) {
    pid_t pid = open.back();
    open.pop_back();
    tree.push_back({pid, {static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0}});
    std::error_code none;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", none)) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;) open.push_back(child);
    }
  }
  return tree;
}

pid_t start(char** command, int& output) {
  int ends[2];
  if (::pipe(ends) != 0) std::_Exit(2);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execv(command[0], command);
    ::_exit(127);
  }
  ::close(ends[1]);
  output = ends[0];
  return pid;
}

void await_lines(int input, int count) {
  char byte = 0;
  while (count > 0) {
    if (::read(input, &byte, 1) != 1) std::_Exit(5);
    if (byte == '\n') --count;
  }
}

/// Kills the root; how long the last of the tree lived on, and how many are left after a second.
std::pair<double, std::size_t> kill_and_wait(std::vector<Member>& tree) {
  double start = measure::now_ns();
  ::kill(tree.front().pid, SIGKILL);
  std::size_t left = tree.size();
  for (Member& member : tree) {
    double rest = kPatienceNs - (measure::now_ns() - start);
    if (::poll(&member.ended, 1, std::max(0, static_cast<int>(rest / 1e6))) == 1) --left;
  }
  return {measure::now_ns() - start, left};
}

void clear_away(std::vector<Member>& tree) {
  for (Member& member : tree) {
    ::syscall(SYS_pidfd_send_signal, member.ended.fd, SIGKILL, nullptr, 0);
    ::close(member.ended.fd);
  }
  while (::waitpid(-1, nullptr, 0) > 0) {}  // all come to us in the end
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<double> lived;
  std::size_t most_left = 0;
  for (int i = 0; i < kRuns && most_left == 0; ++i) {
    int output = -1;
    pid_t root = start(argv + 2, output);
    await_lines(output, kProcesses);
    std::vector<Member> tree = tree_of(root);
    auto [ns, left] = kill_and_wait(tree);
    if (left == 0) lived.push_back(ns / 1e3);
    most_left = std::max(most_left, left);
    clear_away(tree);
    ::close(output);
  }
  std::istringstream metrics(argv[1]);
  for (std::string metric; std::getline(metrics, metric, ',');) {
    if (most_left == 0) {
      measure::report(metric + ", p50", "us", {measure::quantile(lived, 0.5)});
      measure::report(metric + ", p99", "us", {measure::quantile(lived, 0.99)});
    }
    measure::report(metric + ", left after 1 s", "processes", {static_cast<double>(most_left)});
  }
}
