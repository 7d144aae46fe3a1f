// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The world that a program is started in, option by option, and the errors of starting.
#include "cohort/subprocess/options.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

namespace fs = std::filesystem;

std::string output(const Command& command, Options options = {}) {
  options.out = PIPE;
  return run(command, options).out;
}

template <class F>
SpawnError spawn_error(F start) {
  try {
    start();
  } catch (const SpawnError& error) { return error; }
  ADD_FAILURE() << "it started";
  return SpawnError(0, "", "");
}

fs::path script(const fs::path& path, const char* text, bool executable = true) {
  std::ofstream(path) << text;
  fs::permissions(path, executable ? fs::perms::owner_all : fs::perms::owner_read | fs::perms::owner_write);
  return path;
}

TEST(Options, cwd_is_where_it_starts) {
  EXPECT_EQ(output({"pwd"}, {.cwd = "/usr/lib"}), fs::canonical("/usr/lib").string() + "\n");
}

TEST(Options, a_relative_program_is_looked_up_after_the_change_of_directory) {
  Temporary dir;
  script(dir.path() / "prog", "#!/bin/sh\necho found\n");
  EXPECT_EQ(output({"./prog"}, {.cwd = dir.path()}), "found\n");
  EXPECT_THROW(output({"./prog"}, {.cwd = "/"}), SpawnError);
  EXPECT_EQ(output({"x"}, {.executable = "./prog", .cwd = dir.path()}), "found\n");
}

TEST(Options, an_absolute_program_is_found_from_any_directory) {
  Temporary dir, wrong;
  fs::path file = script(dir.path() / "prog", "#!/bin/sh\npwd\nexit 47\n");
  EXPECT_THROW(run({"./prog"}, {.cwd = wrong.path()}), SpawnError);
  CompletedProcess done = run({file}, {.out = PIPE, .cwd = wrong.path()});
  EXPECT_EQ(done.returncode(), 47);
  EXPECT_EQ(done.out, fs::canonical(wrong.path()).string() + "\n");
  EXPECT_EQ(output({"not-there"}, {.executable = file, .cwd = dir.path()}), fs::canonical(dir.path()).string() + "\n");
}

TEST(Options, executable_takes_precedence_over_the_first_word) {
  EXPECT_EQ(output({"not-there", "-c", "echo $0 x"}, {.executable = "/bin/sh"}), "not-there x\n");
  // For a Shell it replaces the shell, $0 included.
  EXPECT_EQ(output(Shell{"echo $0"}, {.executable = "/bin/bash"}), "/bin/bash\n");
}

TEST(Options, env_is_the_whole_environment) {
  EXPECT_EQ(output({"/usr/bin/env"}, {.env = {{{"A", "1"}, {"B", ""}}}}), "A=1\nB=\n");
  EXPECT_EQ(output({"/usr/bin/env"}, {.env = std::map<std::string, std::string>{}}), "");
}

TEST(Options, env_set_and_unset_change_the_parents) {
  setenv("COHORT_OLD", "old", 1);
  setenv("COHORT_GONE", "gone", 1);
  EXPECT_EQ(output({"sh", "-c", "echo $COHORT_OLD-$COHORT_GONE-$COHORT_NEW"},
                   {.env_set = {{"COHORT_NEW", "a=b"}}, .env_unset = {"COHORT_GONE"}}),
            "old--a=b\n");
}

TEST(Options, env_carries_bytes_that_are_no_text) {
  for (auto [name, value] :
       {std::pair<std::string, std::string>{"test", "abc\xFF"}, {"test\xFF", "42"}, {"F", "o=l"}}) {
    EXPECT_EQ(output({"/usr/bin/env"}, {.env = {{{name, value}}}}), name + "=" + value + "\n");
    EXPECT_EQ(output({"/usr/bin/env"}, {.env = std::map<std::string, std::string>{}, .env_set = {{name, value}}}),
              name + "=" + value + "\n");
  }
}

TEST(Options, a_string_is_the_path_of_a_program) {
  Temporary dir;
  fs::path file = script(dir.path() / "a b", "#!/bin/sh\nexit 47\n");
  Popen p(file.string());
  EXPECT_EQ(p.wait(), 47);
  EXPECT_EQ(call(file.string()), 47);
  EXPECT_EQ(call(file), 47);
}

TEST(Options, a_change_of_ids_holds_with_and_without_close_fds) {
  const unsigned other = geteuid() == 65534 ? 65533 : 65534;
  for (bool close_fds : {false, true}) {
    Options user{.close_fds = close_fds, .user = other};
    Options group{.close_fds = close_fds, .group = other};
    if (geteuid() != 0) {
      // No path belongs to these steps.
      EXPECT_EQ(spawn_error([&] { run({"true"}, user); }).operation(), "setuid");
      EXPECT_EQ(spawn_error([&] { run({"true"}, group); }).operation(), "setgid");
      continue;
    }
    EXPECT_EQ(output({"id", "-u"}, user), std::to_string(other) + "\n");
    EXPECT_EQ(output({"id", "-g"}, group), std::to_string(other) + "\n");
    EXPECT_EQ(output({"id", "-u"}, {.close_fds = close_fds, .user = geteuid()}), std::to_string(geteuid()) + "\n");
  }
}

TEST(Options, path_of_the_new_environment_decides) {
  Temporary dir;
  script(dir.path() / "cohort-tool", "#!/bin/sh\necho mine\n");
  EXPECT_EQ(output({"cohort-tool"}, {.env = {{{"PATH", dir.path().string()}}}}), "mine\n");
  EXPECT_EQ(spawn_error([] { run({"cohort-tool"}); }).code(), std::errc::no_such_file_or_directory);
}

TEST(Options, refuses_names_and_values_that_no_environment_can_hold) {
  EXPECT_THROW(run({"true"}, {.env_set = {{"A=B", "x"}}}), ValueError);
  EXPECT_THROW(run({"true"}, {.env_set = {{"", "x"}}}), ValueError);
  EXPECT_THROW(run({"true"}, {.env_set = {{"A", std::string("x\0y", 3)}}}), ValueError);
  EXPECT_THROW(run({"true"}, {.cwd = std::string("/\0", 2)}), ValueError);
}

TEST(Options, pass_fds_keeps_the_number_and_the_parents_flag) {
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::string number = std::to_string(fd);
  EXPECT_EQ(output({"sh", "-c", "[ -e /proc/self/fd/" + number + " ] && echo there"}, {.pass_fds = {fd, 1}}),
            "there\n");
  EXPECT_EQ(output({"sh", "-c", "[ -e /proc/self/fd/" + number + " ] || echo gone"}), "gone\n");
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(output({"readlink", "/proc/self/fd/77"}, {.map_fds = {{77, fd}}}), "/dev/null\n");
  EXPECT_THROW(run({"true"}, {.map_fds = {{1, fd}}}), ValueError);
  EXPECT_THROW(run({"true"}, {.pass_fds = {-1}}), ValueError);
  close(fd);
  // The number that is refused is named, not its partner.
  auto refused = [](int child, int parent) {
    try {
      run({"true"}, {.map_fds = {{child, parent}}});
    } catch (const SpawnError& error) { return error.subject(); }
    return std::string("nothing");
  };
  EXPECT_EQ(refused(1 << 30, 1), std::to_string(1 << 30));
  EXPECT_EQ(refused(77, 987654), "987654");
  EXPECT_EQ(refused(1 << 30, 987654), "987654");
}

TEST(Options, close_fds_can_be_switched_off) {
  int fd = open("/dev/null", O_RDONLY);
  std::string test = "[ -e /proc/self/fd/" + std::to_string(fd) + " ] && echo there || echo gone";
  EXPECT_EQ(output({"sh", "-c", test}), "gone\n");
  EXPECT_EQ(output({"sh", "-c", test}, {.close_fds = false}), "there\n");
  close(fd);
}

TEST(Options, restore_signals_changes_what_is_ignored) {
  auto* old = signal(SIGPIPE, SIG_IGN);
  std::string restored = output({"grep", "SigIgn", "/proc/self/status"});
  std::string kept = output({"grep", "SigIgn", "/proc/self/status"}, {.restore_signals = false});
  signal(SIGPIPE, old);
  EXPECT_NE(restored, kept);
}

TEST(Options, sessions_and_groups) {
  std::string own = std::to_string(getsid(0));
  EXPECT_EQ(output({"sh", "-c", "cut -d' ' -f6 /proc/self/stat"}), own + "\n");
  EXPECT_NE(output({"sh", "-c", "cut -d' ' -f6 /proc/self/stat"}, {.start_new_session = true}), own + "\n");
  EXPECT_EQ(output({"sh", "-c", "[ $$ = $(cut -d' ' -f5 /proc/$$/stat) ] && echo leads"}, {.process_group = 0}),
            "leads\n");
  EXPECT_EQ(output({"sh", "-c", "cut -d' ' -f5 /proc/$$/stat"}, {.process_group = getpgrp()}),
            std::to_string(getpgrp()) + "\n");
  EXPECT_THROW(run({"true"}, {.process_group = -1}), ValueError);
}

TEST(Options, users_and_groups_by_number_and_name) {
  EXPECT_THROW(run({"true"}, {.user = "no-such-user-at-all"}), ValueError);
  EXPECT_THROW(run({"true"}, {.group = "no-such-group-at-all"}), ValueError);
  EXPECT_THROW(run({"true"}, {.user = UINT32_MAX}), ValueError);
  EXPECT_THROW(run({"true"}, {.extra_groups = {{"no-such-group-at-all"}}}), ValueError);
  if (geteuid() != 0) {
    SpawnError error = spawn_error([] { run({"true"}, {.user = "root"}); });
    EXPECT_EQ(error.operation(), "setuid");
    EXPECT_EQ(error.code(), std::errc::operation_not_permitted);
    GTEST_SKIP() << "the rest needs root";
  }
  EXPECT_EQ(output({"id", "-un"}, {.user = "daemon"}), "daemon\n");
  EXPECT_EQ(output({"id", "-g"}, {.group = 12345U}), "12345\n");
  EXPECT_EQ(output({"id", "-G"}, {.group = 5U, .extra_groups = {{7U, "daemon"}}}), "5 1 7\n");
  EXPECT_EQ(output({"id", "-G"}, {.group = 5U, .extra_groups = std::vector<Account>{}}), "5\n");
}

TEST(Options, umask_limits_nice_and_cpus) {
  EXPECT_EQ(output({"sh", "-c", "umask"}, {.umask = 027U}), "0027\n");
  EXPECT_THROW(run({"true"}, {.umask = 01000U}), ValueError);
  EXPECT_EQ(output({"sh", "-c", "ulimit -n; ulimit -c"},
                   {.limits = {{ResourceLimit::Kind::open_files, 64}, {ResourceLimit::Kind::core, 0}}}),
            "64\n0\n");
  EXPECT_EQ(output({"nice"}, {.nice = 2}), std::to_string(std::min(19, getpriority(PRIO_PROCESS, 0) + 2)) + "\n");
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &mine)) ++cpu;
  EXPECT_EQ(output({"nproc"}, {.cpus = {cpu}}), "1\n");
  EXPECT_EQ(output({"grep", "NoNewPrivs", "/proc/self/status"}, {.no_new_privileges = true}), "NoNewPrivs:\t1\n");
}

TEST(Options, every_limit_holds) {
  using Kind = ResourceLimit::Kind;
  struct Case {
    Kind kind;
    const char* flag;
    std::uint64_t value;
    const char* shown;  // in the units of bash
  };
  for (const Case& one :
       {Case{Kind::cpu_seconds, "-t", 60, "60"}, Case{Kind::file_size, "-f", 1 << 20, "1024"},
        Case{Kind::data, "-d", 1 << 30, "1048576"}, Case{Kind::stack, "-s", 1 << 20, "1024"},
        Case{Kind::core, "-c", 0, "0"}, Case{Kind::open_files, "-n", 64, "64"}, Case{Kind::processes, "-u", 500, "500"},
        Case{Kind::locked_memory, "-l", 65536, "64"}, Case{Kind::address_space, "-v", 1ULL << 32, "4194304"}}) {
    EXPECT_EQ(output({"bash", "-c", std::string("ulimit -S ") + one.flag}, {.limits = {{one.kind, one.value}}}),
              std::string(one.shown) + "\n")
        << one.flag;
  }
  EXPECT_EQ(output({"bash", "-c", "ulimit -S -n; ulimit -H -n"}, {.limits = {{Kind::open_files, 32, 64}}}), "32\n64\n");
  SpawnError refused = spawn_error([] { run({"true"}, {.limits = {{Kind::open_files, 64, 32}}}); });
  EXPECT_EQ(refused.operation(), "setrlimit");
  EXPECT_EQ(refused.code(), std::errc::invalid_argument);
}

TEST(Options, parent_death_signal_binds_to_the_starting_thread) {
  std::optional<Popen> p;
  std::thread([&] { p.emplace(Command{"sleep", "1000"}, Options{.parent_death_signal = SIGUSR1}); }).join();
  EXPECT_EQ(p->wait(std::chrono::seconds(60)), -SIGUSR1);
}

TEST(Options, pipesize_is_what_the_pipe_gets) {
  Popen p({"cat"}, {.in = PIPE, .out = PIPE, .pipesize = 8192});
  EXPECT_EQ(fcntl(p.out().fileno(), F_GETPIPE_SZ), 8192);
  EXPECT_EQ(fcntl(p.in().fileno(), F_GETPIPE_SZ), 8192);
  p.communicate();
}

TEST(SpawnErrors, name_program_directory_and_step) {
  SpawnError missing = spawn_error([] { run({"cohort-no-such-program"}); });
  EXPECT_EQ(missing.operation(), "execve");
  EXPECT_EQ(missing.subject(), "cohort-no-such-program");
  EXPECT_EQ(missing.code(), std::errc::no_such_file_or_directory);
  // A string is the name of a program: nothing is split.
  EXPECT_EQ(spawn_error([] { run("ls -l"); }).subject(), "ls -l");
  SpawnError directory = spawn_error([] { run({"true"}, {.cwd = "/no/such/dir"}); });
  EXPECT_EQ(directory.operation(), "chdir");
  EXPECT_EQ(directory.subject(), "/no/such/dir");
  SpawnError executable = spawn_error([] { run({"true"}, {.executable = "/no/such/exe"}); });
  EXPECT_EQ(executable.subject(), "/no/such/exe");
}

TEST(SpawnErrors, tell_permission_and_format) {
  Temporary dir;
  fs::path plain = script(dir.path() / "plain", "#!/bin/sh\n", false);
  EXPECT_EQ(spawn_error([&] { run({plain}); }).code(), std::errc::permission_denied);
  EXPECT_EQ(spawn_error([&] { run({dir.path()}); }).code(), std::errc::permission_denied);
  fs::path noise = script(dir.path() / "noise", "\x7f\x45not a program\n");
  EXPECT_EQ(spawn_error([&] { run({noise}); }).code(), std::errc::executable_format_error);
  fs::path bad = script(dir.path() / "bad", "#!/no/such/interpreter\n");
  EXPECT_EQ(spawn_error([&] { run({bad}); }).code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(spawn_error([&] { run({"echo", std::string(5'000'000, 'x')}); }).code(), std::errc::argument_list_too_long);
}

TEST(SpawnErrors, of_files_name_the_file) {
  try {
    run({"true"}, {.in = Redirect::file("/no/such/file")});
    FAIL();
  } catch (const OsError& error) {
    EXPECT_EQ(error.operation(), "open");
    EXPECT_EQ(error.subject(), "/no/such/file");
  }
}

TEST(SpawnErrors, leave_no_descriptor_behind) {
  auto count = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); };
  auto before = count();
  for (int i = 0; i < 600; ++i) {  // two descriptors each would be more than most limits allow
    EXPECT_THROW(Popen({"/no/such"}, {.in = PIPE, .out = PIPE, .err = PIPE}), SpawnError);
    EXPECT_THROW(Popen({"true"}, {.in = PIPE, .out = Redirect::file("/no/such/f")}), OsError);
  }
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace cohort::subprocess
