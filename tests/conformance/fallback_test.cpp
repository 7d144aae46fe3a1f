// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// Every way around something missing, forced: it must work as well, and say by its counter that it was taken.

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>

#include "base/sanitizers.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

// Makes the kernel deny pidfds to this process and all that come from it, with the error of an old kernel or that of a
// container.
void deny_pidfds(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_send_signal, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{sizeof code / sizeof code[0], code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    ::_exit(90);
  os::force_spawn_fallbacks(os::force_no_clone_pidfd | os::force_no_pidfd);
}

struct Case {
  StartMethod method;
  int error;
};
class WithoutPidfds : public testing::TestWithParam<Case> {
 protected:
  // Runs `body` in a program of its own, without pidfds; its exit status must be 0.
  template <class Body>
  void in_program(Body body) {
    pid_t program = ::fork();
    if (program == 0) {
      deny_pidfds(GetParam().error);
      set_start_method(GetParam().method, true);
      int status = 1;
      try {
        body();
        status = testing::Test::HasFailure() ? 2 : 0;
      } catch (const std::exception& e) { std::fprintf(stderr, "%s\n", e.what()); }
      std::exit(status);
    }
    int status = -1;
    bool ended = eventually([&] { return ::waitpid(program, &status, WNOHANG) == program; });
    if (!ended) ::kill(program, SIGKILL);
    EXPECT_TRUE(ended);
    EXPECT_EQ(status, 0);
  }
  ScratchDirectory scratch;
};
std::string case_name(const testing::TestParamInfo<Case>& info) {
  return std::string(to_string(info.param.method)) + (info.param.error == ENOSYS ? "_ENOSYS" : "_EPERM");
}
INSTANTIATE_TEST_SUITE_P(By, WithoutPidfds,
                         testing::Values(Case{StartMethod::forkserver, ENOSYS}, Case{StartMethod::spawn, ENOSYS},
                                         Case{StartMethod::fork, ENOSYS}, Case{StartMethod::forkserver, EPERM},
                                         Case{StartMethod::spawn, EPERM}, Case{StartMethod::fork, EPERM}),
                         case_name);

void stay(const std::string& to) {
  say(to, std::to_string(::getpid()));
  while (true) ::pause();
}

TEST_P(WithoutPidfds, children_start_end_and_are_joined) {
  in_program([&] {
    for (int i = 0; i < 5; ++i) {
      Process p([](int n) { throw SystemExit(n); }, i);
      p.start();
      EXPECT_TRUE(p.join(patience()));
      EXPECT_EQ(p.exitcode(), i);
      EXPECT_EQ(p.start_method(), GetParam().method);
    }
    EXPECT_GT(os::pidfd_fallbacks(), 0u);
  });
}

TEST_P(WithoutPidfds, children_are_signalled) {
  Line said(scratch / "said");
  in_program([&] {
    Process first(stay, said.path());
    first.start();
    EXPECT_NE(said.next(), "(nothing came)");
    Process second(stay, said.path());  // a second start must not cost the first its server
    second.start();
    EXPECT_NE(said.next(), "(nothing came)");
    EXPECT_TRUE(first.is_alive());
    EXPECT_FALSE(first.join(30ms));
    first.terminate();
    EXPECT_TRUE(first.join(patience()));
    EXPECT_EQ(first.exitcode(), -SIGTERM);
    EXPECT_TRUE(second.is_alive());
    second.kill();
    EXPECT_TRUE(second.join(patience()));
    EXPECT_EQ(second.exitcode(), -SIGKILL);
  });
}

TEST_P(WithoutPidfds, a_sentinel_is_a_pipe_that_a_thread_writes) {
  Line said(scratch / "said");
  in_program([&] {
    Process p(stay, said.path());
    p.start();
    EXPECT_NE(said.next(), "(nothing came)");
    int sentinel = p.sentinel();
    ASSERT_GE(sentinel, 0);
    EXPECT_EQ(p.sentinel(), sentinel);
    EXPECT_EQ(detail::sentinel_fallbacks(), 1u);
    pollfd entry{sentinel, POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 0), 0);
    p.terminate();
    EXPECT_EQ(::poll(&entry, 1, 30000), 1);
    EXPECT_EQ(p.exitcode(), -SIGTERM);
  });
}

TEST_P(WithoutPidfds, nothing_is_left_when_the_root_is_killed) {
  detail::stop_fork_servers();  // that of an earlier case, when all run in one program
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  Line said(scratch / "said");
  pid_t root = ::fork();
  if (root == 0) {
    deny_pidfds(GetParam().error);
    set_start_method(GetParam().method, true);
    struct Branch {
      std::string to;
      void run() const {
        Process leaf(stay, to);
        leaf.start();
        stay(to);
      }
    };
    Process p(Branch{said.path()});
    p.start();
    stay(said.path());
    ::_exit(1);
  }
  std::vector<pid_t> tree;
  for (int i = 0; i < 3; ++i) tree.push_back(std::stoi(said.next()));
  ::kill(root, SIGKILL);
  EXPECT_TRUE(eventually([&] { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }))
      << "a process of the tree lives";
}

TEST(ForkServerThatRefuses, has_its_children_spawned_and_says_so_once) {
  pid_t program = ::fork();
  if (program == 0) {
    ::setenv("COHORT_TEST_FORK_SERVER_REFUSES", "1", 1);
    for (unsigned i = 1; i <= 3; ++i) {
      Process p({.start_method = StartMethod::forkserver}, [] { throw SystemExit(7); });
      p.start();
      p.join();
      if (p.exitcode() != 7) ::_exit(1);
      if (p.start_method() != StartMethod::spawn) ::_exit(2);
      if (detail::fork_server_fallbacks().spawned_instead != i) ::_exit(3);
    }
    std::exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(program, &status, 0), program);
  EXPECT_EQ(status, 0);
}

TEST(SpawnFallbacks, work_for_workers_and_servers) {
  for (unsigned forced :
       {os::force_no_shared_memory, os::force_no_clone_pidfd, os::force_no_close_range, os::force_no_proc}) {
    detail::stop_fork_servers();
    os::force_spawn_fallbacks(forced);
    for (StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
      Process p({.start_method = method}, [] { throw SystemExit(7); });
      p.start();
      EXPECT_TRUE(p.join(patience()));
      EXPECT_EQ(p.exitcode(), 7) << forced;
      EXPECT_EQ(p.start_method(), method);
    }
  }
  os::force_spawn_fallbacks(os::force_none);
  auto counts = os::spawn_fallbacks();
  EXPECT_GT(counts.no_clone_pidfd, 0u);
  if (kThreadSanitizer) return;  // memory is never shared there, and the child's own counts do not come back
  EXPECT_GT(counts.no_shared_memory, 0u);
  EXPECT_GT(counts.no_close_range, 0u);
}

}  // namespace
}  // namespace cohort::test
