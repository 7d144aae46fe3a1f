// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/process_identity.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "os/memory.hpp"
#include "os/process.hpp"
#include "support/scratch.hpp"

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

// What `check` says in a child that has no descriptor left.
template <class Check>
bool holds_without_descriptors(Check check) {
  pid_t child = ::fork();
  if (child == 0) {
    rlimit few{64, 64};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(2);
    while (::open("/dev/null", O_RDONLY) >= 0) {}
    ::_exit(errno == EMFILE && check() && ::open("/dev/null", O_RDONLY) < 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST(ProcessIdentity, sees_a_zombie_without_a_descriptor) {
  pid_t child = ::fork();
  if (child == 0) ::pause();
  ProcessIdentity identity = process_identity_of(child);
  EXPECT_TRUE(holds_without_descriptors([&] { return is_alive(identity); }));
  ProcessIdentity other = identity;
  ++other.start_time;
  EXPECT_TRUE(holds_without_descriptors([&] { return !is_alive(other); })) << "another process has the number";
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(holds_without_descriptors([&] { return !is_alive(identity); }));
  EXPECT_TRUE(holds_without_descriptors([&] { return !thread_is_alive(child, child, 0); }));
  ::waitpid(child, nullptr, 0);
}

TEST(ProcessIdentity, sees_who_maps_a_memory_object_without_a_descriptor) {
  Fd memory = make_memory("cohort-test", 1 << 20);
  std::uint64_t number = memory_number(memory.get());
  ProcessIdentity self = process_identity_self();
  EXPECT_TRUE(holds_without_descriptors([&] { return !may_map_memory(self, number); }));
  std::byte* place = reserve_address_space(1 << 20);
  map_shared(place, memory.get(), 0, 4096);
  EXPECT_TRUE(holds_without_descriptors([&] { return may_map_memory(self, number); }));
  release_address_space(place, 1 << 20);
}

TEST(ProcessIdentity, looks_without_a_descriptor_while_signals_come) {
  EXPECT_TRUE(holds_without_descriptors([] {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval often{{0, 100}, {0, 100}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    ProcessIdentity self{::getpid(), 0};
    ProcessIdentity other{::getpid(), 1};
    for (int i = 0; i < 2000; ++i)
      if (!is_alive(self) || is_alive(other)) return false;
    return true;
  }));
}

TEST(ProcessIdentity, needs_no_fallback_here) { EXPECT_EQ(pidfd_fallbacks(), 0U); }

TEST(ProcessIdentity, knows_its_pid_namespace) { EXPECT_NE(process_namespace(), 0U); }

TEST(Pidfd, is_told_from_other_descriptors_and_from_others) {
  Fd own = open_pidfd(::getpid());
  EXPECT_TRUE(is_pidfd(own.get()));
  EXPECT_TRUE(is_pidfd(own.get(), ::getpid()));
  EXPECT_FALSE(is_pidfd(own.get(), ::getppid()));
  EXPECT_FALSE(is_pidfd(null_device().get()));
  EXPECT_FALSE(is_pidfd(make_eventfd().get()));
  EXPECT_FALSE(is_pidfd(-1));
}

TEST(Process, shows_that_it_is_stopped_and_what_it_ended_with) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::raise(SIGSTOP);
    ::_exit(9);
  }
  ASSERT_TRUE(test::eventually([&] { return is_stopped({pid, 0}); }));
  EXPECT_FALSE(is_stopped({pid, 1})) << "another process had that number then";
  EXPECT_EQ(unreaped_status(pid), -1) << "it has not ended";
  ::kill(pid, SIGCONT);
  EXPECT_TRUE(test::eventually([&] { return unreaped_status(pid) == 9 << 8; }));
  EXPECT_FALSE(is_stopped({pid, 0}));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 9 << 8);
  EXPECT_EQ(unreaped_status(pid), -1);
  EXPECT_FALSE(is_stopped({::getpid(), 0}));
}

}  // namespace
}  // namespace cohort::os
