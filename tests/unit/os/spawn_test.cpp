// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/spawn.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort::os {
namespace {

namespace fs = std::filesystem;

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

int wait_for(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return status;
}

SpawnPlan shell(const std::string& script) {
  SpawnPlan plan;
  plan.executables = {"/bin/sh"};
  plan.argv = {"sh", "-c", script};
  return plan;
}

// Runs the plan with its standard output caught.
std::string output_of(SpawnPlan plan, int* status = nullptr) {
  auto [read_end, write_end] = make_pipe();
  plan.fds.push_back({1, write_end.get()});
  Spawned child = spawn(plan);
  write_end.reset();
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t n;
  while ((n = read(read_end.get(), buffer.data(), buffer.size())) > 0) text.append(buffer.data(), n);
  int ended = wait_for(child.pid);
  if (status) *status = ended;
  return text;
}

struct Fallbacks : testing::TestWithParam<unsigned> {
  void SetUp() override { force_spawn_fallbacks(GetParam()); }
  void TearDown() override { force_spawn_fallbacks(force_none); }
};
INSTANTIATE_TEST_SUITE_P(Spawn, Fallbacks,
                         testing::Values(force_none, force_no_shared_memory, force_no_clone_pidfd, force_no_pidfd,
                                         force_no_clone3, force_no_close_range, force_no_close_range | force_no_proc,
                                         force_no_shared_memory | force_no_close_range));

TEST_P(Fallbacks, runs_a_program_with_its_arguments) {
  int status = -1;
  SpawnPlan plan = shell("printf '%s|' \"$@\"; exit 7");
  plan.argv.insert(plan.argv.end(), {"zero", "one two", "", "three"});
  EXPECT_EQ(output_of(plan, &status), "one two||three|");
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_P(Fallbacks, gives_a_pidfd_that_tells_the_end_unless_there_is_none) {
  auto [read_end, write_end] = make_pipe();
  SpawnPlan plan = shell("read x");
  plan.fds = {{0, read_end.get()}};
  Spawned child = spawn(plan);
  if (GetParam() == force_no_pidfd) {
    EXPECT_FALSE(child.pidfd);
  } else {
    ASSERT_TRUE(child.pidfd);
    EXPECT_TRUE(fcntl(child.pidfd.get(), F_GETFD) & FD_CLOEXEC);
  }
  write_end.reset();
  wait_for(child.pid);
}

TEST_P(Fallbacks, names_step_and_subject_of_a_missing_program) {
  std::size_t before = open_descriptors();
  SpawnPlan plan;
  plan.argv = {"/no/such/program", "x"};
  try {
    (void)spawn(plan);
    FAIL() << "started";
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "execve");
    EXPECT_EQ(error.subject(), "/no/such/program");
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

TEST_P(Fallbacks, closes_what_the_map_does_not_name) {
  // Python's rule: everything from 3 on goes, also descriptors above a lowered limit.
  std::vector<Fd> many;
  for (int lowest : {3, 20, 300, 900}) {
    many.emplace_back(fcntl(0, F_DUPFD, lowest));
    if (!many.back()) many.back() = Fd(fcntl(1, F_DUPFD, lowest));
    ASSERT_TRUE(many.back());
  }
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  rlimit low{200, old.rlim_max};
  SpawnPlan plan = shell("ls /proc/$$/fd; :");  // no pipeline: sh itself would hold its ends
  plan.fds = {{many[1].get(), many[1].get()}};
  std::string kept = std::to_string(many[1].get());
  setrlimit(RLIMIT_NOFILE, &low);
  std::string listed;
  try {
    listed = output_of(plan);
  } catch (...) {
    setrlimit(RLIMIT_NOFILE, &old);
    throw;
  }
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(listed, "0\n1\n2\n" + kept + "\n");
}

TEST(Spawn, counts_no_fallback_on_a_current_kernel) {
  SpawnFallbacks before = spawn_fallbacks();
  output_of(shell(":"));
  SpawnFallbacks after = spawn_fallbacks();
#if !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(after.no_shared_memory, before.no_shared_memory);
#endif
  EXPECT_EQ(after.no_clone_pidfd, before.no_clone_pidfd);
  EXPECT_EQ(after.no_pidfd, before.no_pidfd);
  EXPECT_EQ(after.no_close_range, before.no_close_range);
}

TEST(Spawn, counts_each_fallback_it_takes) {
  SpawnFallbacks before = spawn_fallbacks();
  force_spawn_fallbacks(force_no_pidfd | force_no_close_range | force_no_proc);
  output_of(shell(":"));
  force_spawn_fallbacks(force_none);
  SpawnFallbacks after = spawn_fallbacks();
  EXPECT_EQ(after.no_pidfd, before.no_pidfd + 1);
#if !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(after.no_close_range, before.no_close_range + 1);
  EXPECT_EQ(after.no_proc, before.no_proc + 1);
#endif
}

TEST(Spawn, refuses_plans_that_cannot_be_carried_out) {
  SpawnPlan plan;
  EXPECT_THROW((void)spawn(plan), ValueError);
  plan = shell(":");
  plan.argv.push_back(std::string("a\0b", 3));
  EXPECT_THROW((void)spawn(plan), ValueError);
  plan = shell(":");
  plan.environment = {{std::string("A=\0", 3)}};
  EXPECT_THROW((void)spawn(plan), ValueError);
  plan = shell(":");
  plan.fds = {{5, 1}, {5, 2}};
  EXPECT_THROW((void)spawn(plan), ValueError);
  plan.fds = {{-1, 1}};
  EXPECT_THROW((void)spawn(plan), ValueError);
}

TEST(Spawn, searches_the_path_of_the_childs_environment) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(search_path("ls", Strings{"A=1", "PATH=/a:/b/::"}), (Strings{"/a/ls", "/b/ls", "ls", "ls"}));
  EXPECT_EQ(search_path("ls", Strings{}), (Strings{"/bin/ls", "/usr/bin/ls"}));
  EXPECT_EQ(search_path("./ls", Strings{"PATH=/a"}), Strings{"./ls"});
}

TEST(Spawn, reports_the_first_telling_error_of_a_path_search) {
  fs::path dir = fs::temp_directory_path() / ("cohort-spawn-" + std::to_string(getpid()));
  fs::create_directories(dir / "ls-not-runnable");
  SpawnPlan plan;
  plan.argv = {"ls-not-runnable"};
  plan.executables = {(dir / "missing" / "x").string(), (dir / "ls-not-runnable").string(), (dir / "y").string()};
  try {
    (void)spawn(plan);
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.code(), std::errc::permission_denied);
    EXPECT_EQ(error.subject(), "ls-not-runnable");
  }
  fs::remove_all(dir);
}

TEST(Spawn, names_the_directory_that_is_missing) {
  SpawnPlan plan = shell(":");
  plan.cwd = "/no/such/directory";
  try {
    (void)spawn(plan);
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "chdir");
    EXPECT_EQ(error.subject(), "/no/such/directory");
    EXPECT_EQ(error.code().value(), ENOENT);
  }
  plan.cwd = "/dev/null";
  EXPECT_THROW((void)spawn(plan), SpawnError);
}

TEST(Spawn, starts_in_a_directory_given_by_path_or_descriptor) {
  SpawnPlan plan = shell("pwd");
  plan.cwd = "/usr/lib";
  EXPECT_EQ(output_of(plan), fs::canonical("/usr/lib").string() + "\n");
  Fd directory = open_file("/usr/share", O_RDONLY | O_DIRECTORY);
  plan = shell("pwd");
  plan.cwd_fd = directory.get();
  EXPECT_EQ(output_of(plan), fs::canonical("/usr/share").string() + "\n");
}

TEST(Spawn, replaces_the_environment_wholly) {
  SpawnPlan plan;
  plan.argv = {"/usr/bin/env"};
  plan.environment = {{"ONE=1", "EMPTY=", "BYTES=\xff\xfe"}};
  EXPECT_EQ(output_of(plan), "ONE=1\nEMPTY=\nBYTES=\xff\xfe\n");
  plan.environment = std::vector<std::string>{};
  EXPECT_EQ(output_of(plan), "");
}

// The signal lines of /proc/self/status as the child sees them.
std::string status_line(SpawnPlan plan, const std::string& name) {
  plan.executables = {"/bin/grep"};
  plan.argv = {"grep", "^" + name + ":", "/proc/self/status"};
  std::string line = output_of(plan);
  return line.substr(line.find('\t') + 1, line.size() - line.find('\t') - 2);
}

TEST_P(Fallbacks, gives_the_child_default_handlers_and_the_callers_mask) {
  auto* old_pipe = signal(SIGPIPE, SIG_IGN);
  auto* old_usr1 = signal(SIGUSR1, SIG_IGN);
  auto* old_usr2 = signal(SIGUSR2, [](int) {});
  sigset_t block, before;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &block, &before);
  auto bits = [](const std::string& hex) { return std::stoull(hex, nullptr, 16); };
  auto bit = [](int number) { return 1ULL << (number - 1); };
  SpawnPlan plan = shell(":");
  unsigned long long ignored = bits(status_line(plan, "SigIgn"));
  EXPECT_FALSE(ignored & bit(SIGPIPE));
  EXPECT_TRUE(ignored & bit(SIGUSR1));
  EXPECT_EQ(bits(status_line(plan, "SigCgt")) & bit(SIGUSR2), 0U);
  EXPECT_EQ(bits(status_line(plan, "SigBlk")), bit(SIGUSR1));
  plan.restore_signals = false;
  EXPECT_TRUE(bits(status_line(plan, "SigIgn")) & bit(SIGPIPE));
  plan.blocked_signals = std::vector<int>{SIGINT, 64};
  EXPECT_EQ(bits(status_line(plan, "SigBlk")), bit(SIGINT) | bit(64));
  plan.default_signals = true;
  EXPECT_EQ(bits(status_line(plan, "SigIgn")), 0U);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGUSR1), sigismember(&before, SIGUSR1));
  signal(SIGPIPE, old_pipe);
  signal(SIGUSR1, old_usr1);
  signal(SIGUSR2, old_usr2);
}

TEST(Spawn, makes_sessions_and_groups) {
  SpawnPlan plan = shell("ps -o pid=,pgid=,sid= -p $$ 2>/dev/null || cut -d' ' -f1,5,6 /proc/$$/stat");
  auto numbers = [](const std::string& text) {
    std::array<long, 3> out{};
    sscanf(text.c_str(), "%ld %ld %ld", &out[0], &out[1], &out[2]);
    return out;
  };
  auto plain = numbers(output_of(plan));
  EXPECT_EQ(plain[1], getpgrp());
  EXPECT_EQ(plain[2], getsid(0));
  plan.process_group = 0;
  auto grouped = numbers(output_of(plan));
  EXPECT_EQ(grouped[1], grouped[0]);
  EXPECT_EQ(grouped[2], getsid(0));
  plan.process_group.reset();
  plan.new_session = true;
  auto alone = numbers(output_of(plan));
  EXPECT_EQ(alone[1], alone[0]);
  EXPECT_EQ(alone[2], alone[0]);
  plan.process_group = 1;  // of another session: refused
  EXPECT_THROW(output_of(plan), SpawnError);
}

TEST(Spawn, sets_umask_limits_niceness_cpus_and_privileges) {
  SpawnPlan plan =
      shell("umask; ulimit -n; ulimit -Hn; nice; grep -E 'NoNewPrivs|Cpus_allowed_list' /proc/self/status");
  plan.umask = 027;
  plan.limits = {{RLIMIT_NOFILE, 77, 99}};
  plan.nice = 3;
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &mine)) ++cpu;
  plan.cpus = {cpu};
  plan.no_new_privileges = true;
  int base = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(output_of(plan), "0027\n77\n99\n" + std::to_string(std::min(19, base + 3)) +
                                 "\nNoNewPrivs:\t1\nCpus_allowed_list:\t" + std::to_string(cpu) + "\n");
}

TEST(Spawn, changes_ids_in_order_when_privileged) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  SpawnPlan plan = shell("id -u; id -g; id -G");
  plan.uid = 1234;
  plan.gid = 2345;
  plan.groups = std::vector<gid_t>{7, 8};
  EXPECT_EQ(output_of(plan), "1234\n2345\n2345 7 8\n");
  plan.groups = std::vector<gid_t>{};
  EXPECT_EQ(output_of(plan), "1234\n2345\n2345\n");
}

TEST(Spawn, reports_a_refused_change_of_id) {
  SpawnPlan plan = shell(":");
  plan.uid = static_cast<uid_t>(geteuid() == 0 ? -2 : 0);
  plan.gid = static_cast<gid_t>(geteuid() == 0 ? 5 : 0);
  if (geteuid() == 0) {
    EXPECT_NO_THROW(output_of(plan));
    return;
  }
  try {
    (void)spawn(plan);
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "setgid");
    EXPECT_EQ(error.code(), std::errc::operation_not_permitted);
  }
}

TEST(Spawn, sends_the_death_signal_when_the_starting_thread_ends) {
  Spawned child;
  std::thread([&] {
    SpawnPlan plan;
    plan.argv = {"/bin/sleep", "1000"};
    plan.parent_death_signal = SIGUSR1;
    child = spawn(plan);
  }).join();
  int status = wait_for(child.pid);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

TEST(Spawn, starts_2000_children_without_leaking) {
  output_of(shell(":"));
  std::size_t before = open_descriptors();
  SpawnPlan good;
  good.argv = {"/bin/true"};
  SpawnPlan bad;
  bad.argv = {"/bin/no-such-program"};
  for (int i = 0; i < 1000; ++i) {
    Spawned child = spawn(good);
    EXPECT_EQ(wait_for(child.pid), 0);
    EXPECT_THROW((void)spawn(bad), SpawnError);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Spawn, spawns_from_many_threads_without_passing_on_each_others_pipes) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&wrong, t] {
      for (int i = 0; i < 25; ++i) {
        SpawnPlan plan = shell("ls /proc/$$/fd | tr '\\n' ' '; echo " + std::to_string(t));
        plan.close_fds = false;  // close-on-exec alone must do
        if (!output_of(plan).ends_with(std::to_string(t) + "\n")) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace cohort::os
