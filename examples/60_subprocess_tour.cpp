// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Running other programs: output, input, errors, time limits, pipelines and a shell that cannot be injected.
//
// Output:
//
//   0 $HOME is not expanded
//   SENT IN
//   sorted: apple
//   sorted: fig
//   sorted: pear
//   sort returned 0
//   failed with 3: partly
//   execve no-such-program: No such file or directory
//   timed out, killed by way of contain, it said: started
//    1 a
//    2 b
//   16
#include <chrono>
#include <cstdio>
#include <string>

#include "cohort/subprocess.hpp"

namespace sp = cohort::subprocess;
using namespace std::chrono_literals;

int main() {
  // A program and its words; nothing is split or expanded.
  auto done = sp::run({"echo", "$HOME is", "not expanded"}, {.capture_output = true, .check = true});
  std::printf("%d %s", done.returncode(), done.out.c_str());

  // Input and output at once, however much.
  std::printf("%s\n", sp::run({"tr", "a-z", "A-Z"}, {.input = "sent in", .out = sp::PIPE}).out.c_str());

  // A program that talks back, line by line.
  sp::Popen sorter({"sort"}, {.in = sp::PIPE, .out = sp::PIPE, .text = true});
  for (const char* word : {"pear\n", "apple\n", "fig\n"}) sorter.in().write(word);
  sorter.in().close();
  while (auto line = sorter.out().read_line(10s)) std::printf("sorted: %s\n", line->c_str());
  std::printf("sort returned %d\n", sorter.wait());

  // Failures are typed.
  try {
    sp::run({"sh", "-c", "echo partly >&2; exit 3"}, {.capture_output = true, .check = true});
  } catch (const sp::CalledProcessError& error) {
    std::printf("failed with %d: %s", error.returncode(), error.err().c_str());
  }
  try {
    sp::run({"no-such-program"});
  } catch (const cohort::SpawnError& error) {
    std::printf("%s %s: %s\n", error.operation().c_str(), error.subject().c_str(), error.code().message().c_str());
  }

  // A time limit ends the program and what it started.
  try {
    sp::run({"sh", "-c", "echo started; sleep 1000 & sleep 1000"},
            {.out = sp::PIPE, .timeout = 500ms, .contain = true});
  } catch (const sp::TimeoutExpired& error) {
    std::printf("timed out, killed by way of %s, it said: %s", std::string(to_string(error.tree_kill())).c_str(),
                error.out().c_str());
  }

  // A pipeline without a shell, and a shell whose arguments are quoted.
  std::printf("%s",
              sp::pipeline({{"printf", "b\na\nb\n"}, {"sort"}, {"uniq", "-c"}, {"tr", "-s", " "}}).output().c_str());
  std::string hostile = "x; echo injected";
  std::printf("%s\n", sp::getoutput(sp::Shell{"printf '%s' {} | wc -c | tr -d ' '", hostile}).c_str());
}
