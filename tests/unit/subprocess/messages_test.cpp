// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What errors say: each names the call that the user made, first.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

struct Operation {
  const char* name;
  std::function<void(const Options&)> go;
};

// What takes options and starts a program, without those of Popen alone.
std::vector<Operation> operations() {
  return {
      {"run", [](const Options& options) { run({"true"}, options); }},
      {"call", [](const Options& options) { call({"true"}, options); }},
      {"check_call", [](const Options& options) { check_call({"true"}, options); }},
      {"check_output", [](const Options& options) { check_output({"true"}, options); }},
      {"getstatusoutput", [](const Options& options) { getstatusoutput("true", options); }},
      {"getoutput", [](const Options& options) { getoutput("true", options); }},
      {"run_async", [](const Options& options) { run_async({"true"}, options).get(60s); }},
      {"Pipeline.run", [](const Options& options) { pipeline({{"true"}, {"true"}}).run(options); }},
      {"Pipeline.run_async",
       [](const Options& options) { pipeline({{"true"}, {"true"}}).run_async(options).get(60s); }},
      {"Pipeline.output", [](const Options& options) { (void)pipeline({{"true"}, {"true"}}).output(options); }},
      {"Popen", [](const Options& options) { Popen({"true"}, options).wait(60s); }},
  };
}

struct Mistake {
  const char* name;
  Options options;
};

std::vector<Mistake> mistakes() {
  return {
      {"in", {.in = STDOUT}},
      {"-7", {.in = -7}},
      {"-1", {.pass_fds = {-1}}},
      {"2", {.map_fds = {{2, 1}}}},
      {"a=b", {.env_set = {{"a=b", "c"}}}},
      {"a", {.env_set = {{"a", std::string("\0", 1)}}}},
      {"group", {.group = UINT32_MAX}},
      {"no-such-user-here", {.user = "no-such-user-here"}},
      {"umask", {.umask = 01000}},
  };
}

std::string complaint_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ValueError& error) { return error.what(); } catch (const std::exception& error) {
    return std::string("of another type: ") + error.what();
  }
  return "nothing";
}

TEST(Messages, name_the_call_that_was_given_wrong_options) {
  for (const Operation& operation : operations()) {
    for (const Mistake& mistake : mistakes()) {
      std::string said = complaint_of([&] { operation.go(mistake.options); });
      EXPECT_EQ(said.find(std::string(operation.name) + ": " + mistake.name + ": "), 0U)
          << operation.name << " with a wrong " << mistake.name << " says: " << said;
    }
  }
}

TEST(Messages, name_the_call_that_was_given_options_which_contradict) {
  char buffer[16];
  for (const Operation& operation : operations()) {
    const std::string name = operation.name;
    Options tail{.out_buffer = buffer, .overflow = Overflow::keep_tail};
    EXPECT_EQ(complaint_of([&] { operation.go(tail); }).find(name + ": out_buffer: "), 0U) << name;
    std::string input = complaint_of([&] { operation.go({.input = "x", .in = DEVNULL}); });
    EXPECT_EQ(input.find(name + ": " + (name == "Popen" ? "input" : "in") + ": "), 0U) << input;
  }
  for (const Operation& operation : operations()) {
    const std::string name = operation.name;
    if (name == "check_output" || name.starts_with("get") || name == "Popen") continue;
    std::string captured = complaint_of([&] { operation.go({.capture_output = true, .out = DEVNULL}); });
    EXPECT_EQ(captured.find(name + ": out and err: "), 0U) << captured;
  }
}

TEST(Messages, name_the_call_for_an_empty_command) {
  const Command nothing(std::vector<std::string>{});
  EXPECT_EQ(complaint_of([&] { run(nothing); }), "run: args: an empty command");
  EXPECT_EQ(complaint_of([&] { call(nothing); }), "call: args: an empty command");
  EXPECT_EQ(complaint_of([&] { check_call(nothing); }), "check_call: args: an empty command");
  EXPECT_EQ(complaint_of([&] { check_output(nothing); }), "check_output: args: an empty command");
  EXPECT_EQ(complaint_of([&] { Popen one(nothing); }), "Popen: args: an empty command");
  EXPECT_EQ(complaint_of([&] { run_async(nothing).get(60s); }), "run_async: args: an empty command");
  EXPECT_EQ(complaint_of([&] { Pipeline(std::vector<Command>{}).run(); }), "Pipeline.run: stages: an empty pipeline");
  EXPECT_EQ(complaint_of([&] { (void)Pipeline(std::vector<Command>{}).output(); }),
            "Pipeline.output: stages: an empty pipeline");
  EXPECT_EQ(complaint_of([&] { Pipeline(std::vector<Command>{}).run_async(); }),
            "Pipeline.run_async: stages: an empty pipeline");
}

}  // namespace
}  // namespace cohort::subprocess
