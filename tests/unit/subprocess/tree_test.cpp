// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Ending a program with all that it started, at each level.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "os/spawn.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Processes whose command line names `mark`, zombies left out.
std::vector<int> alive(const std::string& mark) {
  std::vector<int> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0 || pid == getpid()) continue;
    std::stringstream line;
    line << std::ifstream(entry.path() / "cmdline").rdbuf();
    if (line.str().find(mark) != std::string::npos) found.push_back(pid);
  }
  return found;
}

// A command whose descendants leave the session, ignore signals, fork twice and hold the pipes.
struct Brood {
  std::string mark = "86400." + std::to_string(getpid()) + std::to_string(++made);
  Command command{"sh", "-c",
                  "(setsid sh -c 'trap \"\" TERM HUP INT; setsid sleep " + mark + " & sleep " + mark +
                      "') & (setsid sleep " + mark + " &) ; sleep " + mark + " & echo ready; wait; sleep " + mark};
  ~Brood() {
    for (int pid : alive(mark)) kill(pid, SIGKILL);
  }
  static inline int made = 0;
};

TEST(Contain, leaves_none_alive_after_a_timeout) {
  Brood brood;
  auto start = std::chrono::steady_clock::now();
  try {
    run(brood.command, {.capture_output = true, .timeout = 400ms, .contain = true});
    FAIL();
  } catch (const TimeoutExpired& error) {
    EXPECT_EQ(error.tree_kill(), TreeKill::contain);
    EXPECT_EQ(error.out(), "ready\n");
  }
  EXPECT_EQ(alive(brood.mark), std::vector<int>{});
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "the supervisor is left";
}

TEST(Contain, ends_what_a_program_leaves_behind_when_it_ends) {
  Brood brood;
  CompletedProcess done = run({"sh", "-c", "(setsid sleep " + brood.mark + " &); sleep " + brood.mark + " & exit 3"},
                              {.capture_output = true, .contain = true});
  EXPECT_EQ(done.returncode(), 3);
  EXPECT_EQ(alive(brood.mark), std::vector<int>{});
}

TEST(Contain, ends_everything_when_dropped) {
  Brood brood;
  {
    Popen p(brood.command, {.out = PIPE, .contain = true});
    EXPECT_EQ(p.out().read_line(60s), "ready");
  }
  for (int i = 0; i < 2000 && !alive(brood.mark).empty(); ++i) usleep(1000);
  EXPECT_EQ(alive(brood.mark), std::vector<int>{});
}

TEST(Contain, ends_everything_when_we_die) {
  Brood brood;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0) {
    Popen p(brood.command, {.out = PIPE, .contain = true});
    if (p.out().read_line(60s) == "ready" && write(ends[1], "x", 1) == 1) kill(getpid(), SIGKILL);
    _exit(1);
  }
  close(ends[1]);
  char c;
  EXPECT_EQ(read(ends[0], &c, 1), 1);
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  for (int i = 0; i < 5000 && !alive(brood.mark).empty(); ++i) usleep(1000);
  EXPECT_EQ(alive(brood.mark), std::vector<int>{});
}

TEST(Contain, changes_nothing_else) {
  Temporary dir;
  CompletedProcess done =
      run({"sh", "-c", "pwd; cat; echo $V; umask; [ $$ = $(cut -d' ' -f6 /proc/$$/stat) ] && echo session; kill -9 $$"},
          {.input = "in\n",
           .capture_output = true,
           .cwd = dir.path(),
           .env_set = {{"V", "v"}},
           .start_new_session = true,
           .umask = 077U,
           .contain = true});
  EXPECT_EQ(done.out, fs::canonical(dir.path()).string() + "\nin\nv\n0077\nsession\n");
  EXPECT_EQ(done.status, ExitStatus::signaled(SIGKILL));
  EXPECT_GT(done.usage.max_resident_bytes, 0U);
  EXPECT_EQ(run({"sh", "-c", "ls /proc/$$/fd"}, {.capture_output = true, .contain = true}).out, "0\n1\n2\n");
  std::string plain = run({"grep", "-E", "Sig(Ign|Blk|Cgt)", "/proc/self/status"}, {.out = PIPE}).out;
  EXPECT_EQ(run({"grep", "-E", "Sig(Ign|Blk|Cgt)", "/proc/self/status"}, {.out = PIPE, .contain = true}).out, plain);
}

TEST(Contain, reports_errors_of_starting_as_ever) {
  try {
    run({"/no/such"}, {.contain = true});
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "execve");
    EXPECT_EQ(error.subject(), "/no/such");
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
  try {
    run({"true"}, {.cwd = "/no/dir", .contain = true});
    FAIL();
  } catch (const SpawnError& error) {
    EXPECT_EQ(error.operation(), "chdir");
    EXPECT_EQ(error.subject(), "/no/dir");
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Contain, passes_signals_on) {
  Popen p({"sleep", "1000"}, {.contain = true});
  EXPECT_THROW(p.wait(10ms), TimeoutExpired);
  p.terminate();
  EXPECT_EQ(p.wait(60s), -SIGTERM);
  EXPECT_NO_THROW(p.kill());
}

// Shell text that signals the supervisor above a shell, the watcher above that, or both.
const std::string kSupervisor = "$PPID";
const std::string kWatcher = "$(cut -d' ' -f4 /proc/$PPID/stat)";

TEST(Contain, ends_everything_though_the_program_kills_its_supervisor_or_the_watcher) {
  for (const std::string& target : {kSupervisor, kWatcher}) {
    for (bool async : {false, true}) {
      Brood brood;
      // What has left the session and the pipes, and runs by now, is what would be left over.
      const std::string script = "setsid sleep " + brood.mark + " > /dev/null 2>&1 & (setsid sleep " + brood.mark +
                                 " > /dev/null 2>&1 &) ; until [ $(pgrep -cf '^sleep " + brood.mark +
                                 "') = 2 ]; do sleep 0.01; done; kill -9 " + target + "; sleep " + brood.mark;
      const Command command{"sh", "-c", script};
      const Options options{.out = PIPE, .timeout = 60s, .contain = true};
      CompletedProcess done = async ? run_async(command, options).get(90s) : run(command, options);
      EXPECT_TRUE(done.supervisor_killed) << target;
      EXPECT_EQ(done.status, ExitStatus::signaled(SIGKILL)) << target;
      // A supervisor whose watcher was killed is not our child: it says its last word and then leaves.
      for (int i = 0; i < 5000 && !alive(brood.mark).empty(); ++i) usleep(1000);
      EXPECT_EQ(alive(brood.mark), std::vector<int>{}) << target;
    }
  }
  EXPECT_FALSE(run({"true"}, {.contain = true}).supervisor_killed);
}

TEST(Contain, says_so_when_supervisor_and_watcher_are_killed_at_once) {
  // Nobody is left to end the program, which holds what it inherited: the brood ends it, and the output goes nowhere.
  Brood brood;
  CompletedProcess done = run({"sh", "-c", "kill -9 " + kSupervisor + " " + kWatcher + "; exec sleep " + brood.mark},
                              {.out = DEVNULL, .err = DEVNULL, .timeout = 60s, .contain = true});
  EXPECT_TRUE(done.supervisor_killed);
  EXPECT_FALSE(done.status.success());
}

TEST(Contain, keeps_time_limits_though_the_program_stops_its_supervisor) {
  for (const std::string& target : {kSupervisor, kWatcher, kWatcher + " " + kSupervisor}) {
    Brood brood;
    const Command command{"sh", "-c",
                          "setsid sleep " + brood.mark + " & kill -STOP " + target + "; sleep " + brood.mark};
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(run(command, {.out = DEVNULL, .timeout = 300ms, .contain = true}), TimeoutExpired) << target;
    EXPECT_LT(std::chrono::steady_clock::now() - start, 9s) << target;  // it waits 10 s for what cannot be killed
    EXPECT_EQ(alive(brood.mark), std::vector<int>{}) << target;
  }
}

TEST(Contain, works_where_memory_cannot_be_executed) {
  os::force_spawn_fallbacks(os::force_no_executable_memory);
  Temporary elsewhere;
  setenv("TMPDIR", elsewhere.path().c_str(), 1);
  CompletedProcess done = run({"sh", "-c", "id -u; exit 3"}, {.out = PIPE, .contain = true});
  std::optional<CompletedProcess> other;
  if (getuid() == 0) {
    other = run({"id", "-u"}, {.out = PIPE, .user = Account(std::uint32_t{65534}), .contain = true});
  }
  os::force_spawn_fallbacks(os::force_none);
  unsetenv("TMPDIR");
  EXPECT_EQ(done.returncode(), 3);
  EXPECT_EQ(done.out, std::to_string(getuid()) + "\n");
  if (other) { EXPECT_EQ(other->out, "65534\n"); }
  EXPECT_TRUE(fs::is_empty(elsewhere.path()));
}

std::string writable_cgroup() {
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    if (!fs::exists(fs::path(root) / "cgroup.procs") || !fs::exists(fs::path(root) / "cgroup.controllers")) continue;
    if (access(root, W_OK) == 0) return root;
  }
  return {};
}

TEST(ControlGroup, leaves_none_alive_and_no_directory) {
  std::string root = writable_cgroup();
  if (root.empty()) GTEST_SKIP() << "no writable control group";
  Brood brood;
  try {
    run(brood.command, {.capture_output = true, .timeout = 400ms, .cgroup = root});
    FAIL();
  } catch (const TimeoutExpired& error) { EXPECT_EQ(error.tree_kill(), TreeKill::cgroup); }
  for (int i = 0; i < 2000 && !alive(brood.mark).empty(); ++i) usleep(1000);
  EXPECT_EQ(alive(brood.mark), std::vector<int>{});
  for (const auto& entry : fs::directory_iterator(root)) {
    EXPECT_EQ(entry.path().filename().string().find("cohort-" + std::to_string(getpid())), std::string::npos);
  }
}

TEST(ControlGroup, that_cannot_be_made_is_an_error) {
  EXPECT_THROW(run({"true"}, {.cgroup = "/no/such/group"}), OsError);
  EXPECT_THROW(run({"true"}, {.cgroup = "/tmp"}), OsError);
}

TEST(Walk, finds_descendants_and_a_session_that_was_left) {
  Brood brood;
  Command command{"sh", "-c",
                  "sh -c 'sleep " + brood.mark + " & sleep " + brood.mark + "' & (sleep " + brood.mark + " &); wait"};
  EXPECT_THROW(run(command, {.start_new_session = true, .timeout = 300ms}), TimeoutExpired);
  for (int i = 0; i < 2000 && !alive(brood.mark).empty(); ++i) usleep(1000);
  EXPECT_EQ(alive(brood.mark), std::vector<int>{}) << "those with a new session fall with it";
}

TEST(Walk, can_be_declined) {
  Brood brood;
  try {
    run({"sh", "-c", "sleep " + brood.mark + " & wait"}, {.timeout = 200ms, .kill_tree = false});
    FAIL();
  } catch (const TimeoutExpired& error) { EXPECT_EQ(error.tree_kill(), TreeKill::process); }
  EXPECT_EQ(alive(brood.mark).size(), 1U) << "as in Python, the grandchild goes on";
}

}  // namespace
}  // namespace cohort::subprocess
