// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A program under a supervisor, by the messages between that and us.
#include "os/linux/contained.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "cohort/base/error.hpp"

namespace cohort::os {
namespace {

using supervisor::Kind;
using supervisor::Message;

SpawnPlan shell(const std::string& text) {
  SpawnPlan plan;
  plan.executables = {"/bin/sh"};
  plan.argv = {"sh", "-c", text};
  return plan;
}

Message last_word(const Contained& contained) {
  Message message{};
  EXPECT_TRUE(receive_from_supervisor(contained.control.get(), true, message));
  return message;
}

Message order(Kind kind, int value = 0) {
  Message message{};
  message.kind = kind;
  message.value = value;
  return message;
}

void reap(const Contained& contained) { ::waitpid(contained.supervisor.pid, nullptr, 0); }

TEST(Contained, says_how_the_program_ended) {
  Contained contained = start_contained(shell("exit 3"));
  EXPECT_GT(contained.pid, 0);
  EXPECT_NE(contained.pid, contained.supervisor.pid);
  const Message end = last_word(contained);
  EXPECT_EQ(end.kind, Kind::ended);
  EXPECT_EQ(end.value, 3 << 8);
  EXPECT_EQ(end.bereaved, 0);
  reap(contained);
}

TEST(Contained, passes_signals_on_and_says_nothing_before_there_is_something) {
  Contained contained = start_contained(shell("exec sleep 1000"));
  Message message{};
  EXPECT_FALSE(receive_from_supervisor(contained.control.get(), false, message));
  ASSERT_TRUE(send_to_supervisor(contained.control.get(), order(Kind::signal, SIGTERM)));
  EXPECT_EQ(last_word(contained).value, SIGTERM);
  reap(contained);
}

TEST(Contained, ends_what_the_program_started_when_it_is_told_to) {
  Contained contained = start_contained(shell("sleep 1000 & setsid sleep 1000 & exec sleep 1000"));
  ASSERT_TRUE(send_to_supervisor(contained.control.get(), order(Kind::kill_all)));
  EXPECT_EQ(last_word(contained).value, SIGKILL);
  reap(contained);
  Message message{};
  EXPECT_TRUE(receive_from_supervisor(contained.control.get(), true, message));
  EXPECT_EQ(message.kind, Kind::failed) << "nobody is there any more";
}

TEST(Contained, ends_everything_when_nobody_has_the_other_end) {
  Contained contained = start_contained(shell("exec sleep 1000"));
  contained.control.reset();
  reap(contained);
  EXPECT_NE(::kill(contained.pid, 0), 0);
}

TEST(Contained, throws_the_programs_own_error) {
  SpawnPlan plan = shell("");
  plan.executables = {"/no/such/program"};
  plan.argv = {"/no/such/program"};
  try {
    (void)start_contained(plan);
    FAIL() << "it was started";
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "execve");
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

}  // namespace
}  // namespace cohort::os
