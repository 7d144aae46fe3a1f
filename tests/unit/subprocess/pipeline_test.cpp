// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/pipeline.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/shell.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;

TEST(Pipeline, connects_programs_in_a_row) {
  EXPECT_EQ(pipeline({{"printf", "b\na\nb\n"}, {"sort"}, {"uniq", "-c"}, {"tr", "-d", " "}}).output(), "1a\n2b\n");
  EXPECT_EQ(pipeline({{"echo", "one"}}).output(), "one\n");
  EXPECT_EQ(pipeline({{"echo"}, {"cat"}}).output(), "\n");
  EXPECT_EQ(pipeline(std::vector<Command>{{"echo", "x"}, Shell{"tr x y"}}).output(), "y\n");
}

TEST(Pipeline, feeds_the_first_and_reads_the_last) {
  std::string input(3'000'000, 'x');
  PipelineResult done =
      pipeline({{"cat"}, {"tr", "x", "y"}, {"cat"}}).run({.input = input, .out = PIPE, .timeout = 60s});
  EXPECT_EQ(done.out, std::string(3'000'000, 'y'));
  EXPECT_TRUE(done.success());
}

TEST(Pipeline, ends_a_writer_whose_reader_has_gone) {
  PipelineResult done = pipeline({{"yes"}, {"head", "-n", 2}}).run({.out = PIPE, .timeout = 60s});
  EXPECT_EQ(done.out, "y\ny\n");
  ASSERT_EQ(done.stages.size(), 2U);
  EXPECT_EQ(done.stages[0].status, ExitStatus::signaled(SIGPIPE));
  EXPECT_TRUE(done.success());
}

TEST(Pipeline, tells_the_status_of_each) {
  PipelineResult done = pipeline({{"sh", "-c", "cat; exit 3"}, {"sh", "-c", "cat; echo x; exit 4"}, {"cat"}})
                            .run({.capture_output = true, .timeout = 60s});
  EXPECT_EQ(done.stages[0].returncode(), 3);
  EXPECT_EQ(done.stages[1].returncode(), 4);
  EXPECT_EQ(done.stages[2].returncode(), 0);
  EXPECT_FALSE(done.success());
  try {
    done.check();
    FAIL();
  } catch (const CalledProcessError& error) {
    EXPECT_EQ(error.returncode(), 4);
    EXPECT_EQ(error.out(), "x\n");
  }
  EXPECT_THROW(pipeline({{"false"}, {"cat"}}).output({.in = DEVNULL}), CalledProcessError);
}

TEST(Pipeline, gathers_the_errors_of_all) {
  PipelineResult done =
      pipeline({{"sh", "-c", "echo a >&2"}, {"sh", "-c", "cat; echo b >&2"}}).run({.capture_output = true});
  EXPECT_EQ(done.err.size(), 4U);
  EXPECT_NE(done.err.find("a\n"), std::string::npos);
  EXPECT_NE(done.err.find("b\n"), std::string::npos);
  EXPECT_EQ(pipeline({{"sh", "-c", "echo a >&2"}, {"tr", "a", "b"}}).output({.err = STDOUT}), "b\n");
}

TEST(Pipeline, leaves_nothing_behind_when_one_cannot_start) {
  auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  auto before = count();
  EXPECT_THROW(pipeline({{"yes"}, {"cat"}, {"/no/such"}}).run(), SpawnError);
  EXPECT_THROW(pipeline(std::vector<Command>{}).run(), ValueError);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(count(), before);
}

TEST(Pipeline, is_killed_whole_at_the_time_limit) {
  try {
    pipeline({{"sh", "-c", "echo x; exec sleep 1000"}, {"cat"}}).run({.out = PIPE, .timeout = 200ms});
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_EQ(error.out(), "x\n");
    EXPECT_EQ(error.tree_kill(), TreeKill::walk);
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Pipeline, shows_itself_as_one_could_type_it) {
  EXPECT_EQ(pipeline({{"df", "-h"}, {"grep", "sda 1"}}).to_string(), "df -h | grep 'sda 1'");
}

TEST(Pipeline, names_the_stage_that_had_not_ended_at_the_deadline) {
  const Pipeline row = pipeline({{"sleep", "100"}, {"true"}});
  const Options options{.timeout = 200ms};
  auto named = [](auto&& call) {
    try {
      call();
    } catch (const TimeoutExpired& error) { return std::pair(error.cmd().to_string(), std::string(error.what())); }
    return std::pair(std::string("no timeout"), std::string());
  };
  for (auto& [args, text] :
       {named([&] { (void)row.run(options); }), named([&] { (void)row.run_async(options).get(); })}) {
    EXPECT_EQ(args, "sleep 100");
    EXPECT_NE(text.find("sleep"), std::string::npos) << text;
  }
  // Of several it is the last, whose output the call waits for.
  EXPECT_EQ(named([&] { (void)pipeline({{"sleep", "100"}, {"cat"}}).run(options); }).first, "cat");
}

}  // namespace
}  // namespace cohort::subprocess
