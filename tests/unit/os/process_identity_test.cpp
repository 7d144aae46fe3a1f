// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_identity.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "os/memory.hpp"

namespace cohort::os {
namespace {

TEST(ProcessIdentity, names_this_process) {
  ProcessIdentity self = process_identity_self();
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_GT(self.start_time, 0U);
  EXPECT_EQ(process_identity_of(::getpid()), self);
  EXPECT_TRUE(is_alive(self));
  EXPECT_TRUE(open_pidfd(self));
}

TEST(ProcessIdentity, is_not_fooled_by_a_number_that_another_process_has) {
  ProcessIdentity other = process_identity_self();
  other.start_time += 1;
  EXPECT_FALSE(is_alive(other));
  EXPECT_FALSE(open_pidfd(other));
}

TEST(ProcessIdentity, nobody_and_numbers_without_a_process_are_dead) {
  EXPECT_FALSE(is_alive({}));
  EXPECT_FALSE(is_alive({-1, 5}));
  EXPECT_FALSE(open_pidfd({}));
  pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(is_alive({child, 0}));
  EXPECT_EQ(process_identity_of(child).start_time, 0U);
}

TEST(ProcessIdentity, a_zombie_is_dead) {
  pid_t child = ::fork();
  if (child == 0) ::pause();
  ProcessIdentity identity = process_identity_of(child);
  EXPECT_TRUE(is_alive(identity));
  Fd pidfd = open_pidfd(identity);
  ASSERT_TRUE(pidfd);
  EXPECT_FALSE(pidfd_has_ended(pidfd.get()));
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_alive(identity));
  EXPECT_TRUE(pidfd_has_ended(pidfd.get()));
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_alive(identity));
}

TEST(ProcessIdentity, a_name_with_parentheses_and_spaces_is_read_past) {
  pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, ") S 1 (9 9 9");
    ProcessIdentity self = process_identity_self();
    ::_exit(self.start_time == process_identity_of(::getpid()).start_time && self.start_time != 0 && is_alive(self)
                ? 0
                : 1);
  }
  ProcessIdentity before = process_identity_of(child);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_GT(before.start_time, 0U);
}

int main_gone[2];

void* outlive_main(void*) {
  char byte;
  (void)!::read(main_gone[0], &byte, 1);
  ::_exit(0);
}

TEST(ProcessIdentity, a_process_whose_main_thread_has_ended_is_alive) {
  ASSERT_EQ(::pipe(main_gone), 0);
  pid_t child = ::fork();
  if (child == 0) {
    pthread_t thread;
    ::pthread_create(&thread, nullptr, outlive_main, nullptr);
    // What pthread_exit does in the end; the call itself would unwind through GoogleTest's handlers.
    ::syscall(SYS_exit, 0);
  }
  ProcessIdentity identity = process_identity_of(child);
  // The main thread shows as a zombie once it has gone.
  char path[64], text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", child);
  bool zombie = false;
  while (!zombie) {
    FILE* file = std::fopen(path, "re");
    ASSERT_NE(file, nullptr);
    text[std::fread(text, 1, sizeof text - 1, file)] = '\0';
    std::fclose(file);
    zombie = std::string(text).find(") Z ") != std::string::npos;
  }
  EXPECT_TRUE(is_alive(identity));
  ASSERT_EQ(::write(main_gone[1], "g", 1), 1);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_alive(identity));
  ::close(main_gone[0]);
  ::close(main_gone[1]);
}

TEST(ProcessIdentity, knows_whether_a_process_maps_a_memory_object) {
  Fd memory = make_memory("cohort-test", 1 << 20);
  std::uint64_t number = memory_number(memory.get());
  ASSERT_NE(number, 0U);
  ProcessIdentity self = process_identity_self();
  EXPECT_FALSE(may_map_memory(self, number));
  std::byte* place = reserve_address_space(1 << 20);
  map_shared(place, memory.get(), 0, 4096);
  EXPECT_TRUE(may_map_memory(self, number));
  release_address_space(place, 1 << 20);
  EXPECT_FALSE(may_map_memory(self, number));
  EXPECT_TRUE(may_map_memory(self, 0)) << "an unknown object is not guessed about";
}

TEST(ProcessIdentity, needs_no_fallback_here) { EXPECT_EQ(pidfd_fallbacks(), 0U); }

TEST(ProcessIdentity, knows_its_pid_namespace) { EXPECT_NE(process_namespace(), 0U); }

}  // namespace
}  // namespace cohort::os
