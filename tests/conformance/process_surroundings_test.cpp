// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// What a child finds around itself: descriptors, directory, environment, limits, signals, user.

#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "cohort/base/error.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

class Surroundings : public EachMethod {};
COHORT_FOR_EACH_METHOD(Surroundings);
// A forked copy has all descriptors of its parent.
class Descriptors : public EachMethod {};
INSTANTIATE_TEST_SUITE_P(By, Descriptors, testing::Values(StartMethod::forkserver, StartMethod::spawn), method_of);

int open_descriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    count += entry.path().filename().string().size() > 0;
  return count - 1;  // that of the listing itself
}

TEST_P(Surroundings, read_standard_input_from_the_null_device) {
  auto look = [](const std::string& to) {
    char c;
    say(to, std::filesystem::read_symlink("/proc/self/fd/0").string() + " " + std::to_string(::read(0, &c, 1)));
  };
  (void)finished(look, scratch / "log");
  EXPECT_EQ(file_text(scratch / "log"), "/dev/null 0\n");
}

TEST_P(Descriptors, are_not_gathered_from_siblings) {
  auto count = [](const std::string& to) { say(to, std::to_string(open_descriptors())); };
  Line said(scratch / "said");
  std::vector<Process> staying;
  (void)finished(count, said.path());
  std::string first = said.next();
  for (int i = 0; i < 8; ++i)
    staying.push_back(started([] {
      while (true) ::pause();
    }));
  (void)finished(count, said.path());
  EXPECT_EQ(said.next(), first);
}

TEST_P(Descriptors, of_the_parent_are_not_there) {
  int high = ::fcntl(0, F_DUPFD, 200);  // not close-on-exec, as careless code makes them
  auto look = [](int fd) { throw SystemExit(::fcntl(fd, F_GETFD) >= 0 ? 1 : 2); };
  EXPECT_EQ(finished(look, high).exitcode(), 2);
  ::close(high);
}

TEST_P(Surroundings, hold_nothing_that_an_executed_program_inherits) {
  // What a worker runs must not keep sockets or the family alive.
  auto run = [](const std::string& to) {
    std::string command = "ls /proc/self/fd | wc -l > " + to;
    throw SystemExit(std::system(command.c_str()));
  };
  EXPECT_EQ(finished(run, scratch / "count").exitcode(), 0);
  // 0, 1, 2 and that of ls
  EXPECT_TRUE(shares_image() || std::stoi(file_text(scratch / "count")) == 4) << file_text(scratch / "count");
}

TEST_P(Surroundings, are_those_of_the_parent_at_the_start) {
  struct Look {
    std::string to;
    void run() const {
      mode_t mask = ::umask(0);
      rlimit files{};
      ::getrlimit(RLIMIT_NOFILE, &files);
      cpu_set_t cpus;
      ::sched_getaffinity(0, sizeof cpus, &cpus);
      sigset_t blocked;
      ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
      const char* variable = std::getenv("COHORT_TEST_VARIABLE");
      say(to, std::filesystem::current_path().filename().string() + " " + (variable != nullptr ? variable : "unset") +
                  " " + std::to_string(mask) + " " + std::to_string(files.rlim_cur) + " " +
                  std::to_string(CPU_COUNT(&cpus)) + " nice " + std::to_string(::getpriority(PRIO_PROCESS, 0)) + " " +
                  std::to_string(::sigismember(&blocked, SIGUSR2)) + std::to_string(::sigismember(&blocked, SIGTERM)) +
                  std::to_string(::sigismember(&blocked, SIGCHLD)) + " " +
                  (std::getenv("COHORT_WORKER") != nullptr ? "leaked" : "clean"));
    }
  };
  Line said(scratch / "said");
  Line second(scratch / "second");
  // The first start brings the fork server up; what is changed after it must arrive all the same.
  (void)finished(Look{said.path()});
  EXPECT_NE(said.next().find(" unset "), std::string::npos);

  auto directory = std::filesystem::current_path();
  std::filesystem::create_directory(scratch / "elsewhere");
  std::filesystem::current_path(scratch / "elsewhere");
  ::setenv("COHORT_TEST_VARIABLE", "changed", 1);
  mode_t mask = ::umask(027);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  rlimit lowered = files;
  lowered.rlim_cur = 200;
  ::setrlimit(RLIMIT_NOFILE, &lowered);
  cpu_set_t cpus, one;
  ::sched_getaffinity(0, sizeof cpus, &cpus);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &cpus)) {
      CPU_SET(i, &one);
      break;
    }
  ::sched_setaffinity(0, sizeof one, &one);
  sigset_t usr2, before;
  ::sigemptyset(&usr2);
  ::sigaddset(&usr2, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &usr2, &before);
  int nice = ::getpriority(PRIO_PROCESS, 0);

  (void)finished(Look{second.path()});
  EXPECT_EQ(second.next(), "elsewhere changed 23 200 1 nice " + std::to_string(nice) + " 100 clean");

  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::sched_setaffinity(0, sizeof cpus, &cpus);
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::umask(mask);
  ::unsetenv("COHORT_TEST_VARIABLE");
  std::filesystem::current_path(directory);
  (void)finished(Look{said.path()});
  EXPECT_NE(said.next().find(" unset "), std::string::npos) << "a variable that is gone stays gone";
}

TEST_P(Surroundings, have_signals_at_their_default_and_ignored_ones_ignored) {
  struct Look {
    std::string to;
    void run() const {
      std::string text;
      for (int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1}) {
        struct sigaction action{};
        ::sigaction(number, nullptr, &action);
        text += action.sa_handler == SIG_DFL ? 'd' : action.sa_handler == SIG_IGN ? 'i' : 'h';
      }
      say(to, text);
    }
  };
  Line said(scratch / "said");
  detail::stop_fork_servers();  // a new one inherits what is ignored now
  ::signal(SIGPIPE, SIG_IGN);
  if (!shares_image()) ::signal(SIGUSR1, [](int) {});
  (void)finished(Look{said.path()});
  EXPECT_EQ(said.next(), "dddddid");
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGUSR1, SIG_DFL);
}

void say_user(const std::string& to) {
  uid_t real, effective, saved;
  ::getresuid(&real, &effective, &saved);
  say(to, std::to_string(real) + " " + std::to_string(effective) + " " + std::to_string(saved) + " " +
              std::to_string(::getegid()) + " " + std::to_string(::getgroups(0, nullptr)) + " " +
              std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
}

TEST_P(Surroundings, have_the_user_that_the_parent_has_become) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can change its user";
  struct Drops {
    std::string to;
    std::string go;
    void run() const {
      Process early(
          [](const std::string& gate, const std::string& out) {
            await(gate);
            say_user(out);
          },
          go, to);
      early.start();  // the fork server is up, with root's rights
      if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 ||
          ::setresuid(65534, 65534, 65534) != 0)
        throw SystemExit(1);
      Process late(say_user, to);
      late.start();
      late.join();
      if (late.exitcode() != 0 || !early.is_alive()) throw SystemExit(2);
      say(go, "go");
      early.join();
      if (early.exitcode() != 0) throw SystemExit(3);
    }
  };
  Line said(scratch / "said");
  Line go(scratch / "go");
  // In a child that may give up its rights, and then starts its own children by the method of this case.
  Process p = get_context(StartMethod::spawn).process(Drops{said.path(), go.path()});
  p.start();
  EXPECT_EQ(said.next(), "65534 65534 65534 65534 0 0") << "the second child must not have root's rights";
  EXPECT_EQ(said.next().substr(0, 6), "0 0 0 ") << "the first one goes on as it was";
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(Surroundings, may_gain_no_privileges_when_the_parent_may_not) {
  struct Gives {
    std::string to;
    void run() const {
      Process early([] {});
      early.start();
      early.join();
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      Process late(say_user, to);
      late.start();
      late.join();
    }
  };
  Line said(scratch / "said");
  (void)finished(Gives{said.path()});
  EXPECT_EQ(said.next().back(), '1');
}

TEST_P(Surroundings, allow_a_raw_fork_in_a_worker) {
  auto body = [](const std::string& to) {
    pid_t copy = ::fork();
    if (copy == 0) {
      std::string inside = current_process().name;
      ::_exit(inside.empty() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(copy, &status, 0);
    say(to, std::to_string(status));
  };
  Process p = finished(body, scratch / "log");
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_EQ(file_text(scratch / "log"), "0\n");
}

TEST_P(Surroundings, let_a_raw_forked_copy_start_processes) {
  // daemon(3) does that. The copy is a member of its own; ended by exec or exit, it takes its children with it.
  auto body = [](const std::string& to) {
    pid_t copy = ::fork();
    if (copy == 0) {
      int code = 1;
      try {
        Process p([](const std::string& out) { say(out, "grandchild"); }, to);
        p.start();
        p.join();
        code = p.exitcode().value_or(99);
      } catch (const std::exception& e) { say(to, e.what()); }
      ::_exit(code);
    }
    int status = -1;
    ::waitpid(copy, &status, 0);
    say(to, "status " + std::to_string(status));
  };
  (void)finished(body, scratch / "log");
  EXPECT_EQ(file_text(scratch / "log"), "grandchild\nstatus 0\n");
}

}  // namespace
}  // namespace cohort::test
