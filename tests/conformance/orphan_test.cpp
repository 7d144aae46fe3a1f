// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// Nothing outlives its purpose: when a program dies, however it dies, its whole tree is gone soon after. The test makes
// itself the one that orphans go to, so it sees every process of the tree, and only those.

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <random>
#include <set>

#include "cohort/base/error.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

// ---- what a process of the tree does --------------------------------------------------------------------------------

[[noreturn]] void stay(const std::string& to) {
  say(to, std::to_string(::getpid()));
  while (true) ::pause();
}
void stay_deaf(const std::string& to) {
  for (int number : {SIGTERM, SIGINT, SIGHUP, SIGCONT}) ::signal(number, SIG_IGN);
  stay(to);
}
void stay_in_a_session_of_its_own(const std::string& to) {
  ::setsid();
  stay(to);
}
void stop(const std::string& to) {
  say(to, std::to_string(::getpid()));
  ::raise(SIGSTOP);
  while (true) ::pause();
}
// A child with children of its own, itself in another session, with its own working thread.
void branch(const std::string& to) {
  ::setsid();
  Process a(stay, to);
  Process b(stay_in_a_session_of_its_own, to);
  Process c(stop, to);
  for (auto* p : {&a, &b, &c}) p->start();
  stay(to);
}
constexpr int kTree = 9;  // processes that say their pid

void grow(const std::string& to) {
  Process a(stay, to);
  Process daemon({.daemon = true}, stay, to);
  Process deaf(stay_deaf, to);
  Process stopped(stop, to);
  Process tree(branch, to);
  for (auto* p : {&a, &daemon, &deaf, &stopped, &tree}) p->start();
  stay(to);
}

// ---- the watcher ----------------------------------------------------------------------------------------------------

// One that says its pid and stops must have stopped before its parent is killed: see docs/guides/when-things-die.md for
// the window.
bool has_stopped(pid_t pid) {
  auto stat = file_text("/proc/" + std::to_string(pid) + "/stat");
  auto at = stat.rfind(") ");
  return at != std::string::npos && stat[at + 2] == 'T';
}
long stopped_among(const std::set<pid_t>& pids) { return std::count_if(pids.begin(), pids.end(), has_stopped); }

// Every process below this one.
void add_descendants(pid_t of, std::set<pid_t>& all) {
  std::error_code none;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(of) + "/task", none)) {
    std::istringstream in(file_text(task.path() / "children"));
    for (pid_t child; in >> child;)
      if (all.insert(child).second) add_descendants(child, all);
  }
}
std::set<pid_t> descendants() {
  std::set<pid_t> all;
  add_descendants(::getpid(), all);
  return all;
}
void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
}
std::string describe(const std::set<pid_t>& pids) {
  std::string text;
  for (pid_t pid : pids) {
    auto stat = file_text("/proc/" + std::to_string(pid) + "/stat");
    text += stat.substr(0, stat.find(") ") + 3) + "; ";
  }
  return text;
}

class Orphans : public testing::TestWithParam<StartMethod> {
 protected:
  void SetUp() override {
    detail::stop_fork_servers();  // that of an earlier case, when all run in one program
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  }
  void TearDown() override {
    for (pid_t pid : descendants()) ::kill(pid, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {}
  }
  // A program of its own: its family begins with it.
  pid_t start_root(const std::function<void()>& body) {
    pid_t root = ::fork();
    if (root != 0) return root;
    set_start_method(GetParam(), true);
    try {
      body();
    } catch (const std::exception& e) { std::fprintf(stderr, "root: %s\n", e.what()); }
    ::_exit(3);
  }
  // Everything below the test is gone within the patience.
  void expect_nobody_left() {
    std::set<pid_t> left;
    EXPECT_TRUE(eventually(
        [&] {
          reap();
          left = descendants();
          return left.empty();
        },
        Deadline(20s)))
        << describe(left);
  }
  ScratchDirectory scratch;
};
COHORT_FOR_EACH_METHOD(Orphans);

TEST_P(Orphans, do_not_exist_after_any_death_of_the_root) {
  for (int signal : {SIGKILL, SIGTERM, SIGABRT, SIGSEGV}) {
    Line said(scratch / ("said" + std::to_string(signal)));
    pid_t root = start_root([&] { grow(said.path()); });
    std::set<pid_t> tree;
    for (int i = 0; i < kTree; ++i) {
      std::string line = said.next();
      ASSERT_NE(line, "(nothing came)") << "after " << i;
      tree.insert(std::stoi(line));
    }
    EXPECT_EQ(tree.size(), static_cast<std::size_t>(kTree));
    auto all = descendants();
    for (pid_t pid : tree) EXPECT_TRUE(all.contains(pid)) << pid;
    ASSERT_TRUE(eventually([&] { return stopped_among(tree) == 2; }));
    ::kill(root, signal);
    expect_nobody_left();
  }
}

TEST_P(Orphans, do_not_exist_after_the_root_leaves_without_a_word) {
  Line said(scratch / "said");
  Line go(scratch / "go");
  start_root([&] {
    Process p(stay, said.path());
    p.start();
    await(go.path());
    ::_exit(0);
  });
  EXPECT_NE(said.next(), "(nothing came)");
  go.tell();
  expect_nobody_left();
}

TEST_P(Orphans, do_not_exist_after_a_middle_process_is_killed) {
  Line said(scratch / "said");
  Line pid_line(scratch / "pid");
  struct Middle {
    std::string said, pid_line;
    void run() {
      Process leaf(stay, said);
      leaf.start();
      Process deeper(branch, said);
      deeper.start();
      stay(pid_line);
    }
  };
  pid_t root = start_root([&] {
    Process p(Middle{said.path(), pid_line.path()});
    p.start();
    p.join();
    while (true) ::pause();
  });
  std::set<pid_t> below;
  for (int i = 0; i < 5; ++i) below.insert(std::stoi(said.next()));
  ASSERT_TRUE(eventually([&] { return stopped_among(below) == 1; }));
  ::kill(std::stoi(pid_line.next()), SIGKILL);
  EXPECT_TRUE(eventually([&] {
    reap();
    auto all = descendants();
    return std::none_of(below.begin(), below.end(), [&](pid_t pid) { return all.contains(pid); });
  })) << describe(descendants());
  EXPECT_EQ(::kill(root, 0), 0) << "the root goes on";
  ::kill(root, SIGKILL);
  expect_nobody_left();
}

TEST_P(Orphans, do_not_exist_after_the_root_is_killed_in_the_middle_of_starting) {
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < 30; ++round) {
    pid_t root = start_root([&] {
      std::vector<Process> all;
      while (true) {
        Process p([] {
          Process inner([] {
            while (true) ::pause();
          });
          inner.start();
          while (true) ::pause();
        });
        p.start();
        all.push_back(std::move(p));
        if (all.size() == 4) {
          for (auto& q : all) q.kill();
          for (auto& q : all) q.join();
          all.clear();
        }
      }
    });
    ::usleep(std::uniform_int_distribution<useconds_t>(0, 12000)(random));
    ::kill(root, SIGKILL);
    expect_nobody_left();
    if (HasFailure()) return;
  }
}

TEST_P(Orphans, do_not_exist_after_the_root_is_stopped_and_killed) {
  Line said(scratch / "said");
  pid_t root = start_root([&] { grow(said.path()); });
  std::set<pid_t> tree;
  for (int i = 0; i < kTree; ++i) {
    std::string line = said.next();
    ASSERT_NE(line, "(nothing came)");
    tree.insert(std::stoi(line));
  }
  ASSERT_TRUE(eventually([&] { return stopped_among(tree) == 2; }));
  for (pid_t pid : descendants()) ::kill(pid, SIGSTOP);
  ::kill(root, SIGKILL);
  expect_nobody_left();
}

// ---- the fork server's own death ------------------------------------------------------------------------------------

pid_t fork_server_of(pid_t owner) {
  std::set<pid_t> all;
  add_descendants(owner, all);
  for (pid_t pid : all)
    if (file_text("/proc/" + std::to_string(pid) + "/comm") == "cohort-server\n") return pid;
  return 0;
}

TEST(ForkServerDeath, ends_its_children_and_the_next_start_has_a_new_one) {
  ScratchDirectory scratch;
  Line said(scratch / "said");
  Process p({.start_method = StartMethod::forkserver}, branch, said.path());
  p.start();
  std::set<pid_t> tree;
  for (int i = 0; i < 4; ++i) tree.insert(std::stoi(said.next()));
  pid_t server = fork_server_of(::getpid());
  ASSERT_NE(server, 0);
  ::kill(server, SIGKILL);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exit_status()->kind(), ExitStatus::Kind::unknown);
  EXPECT_FALSE(p.exitcode());
  EXPECT_FALSE(p.is_alive());
  p.terminate();
  EXPECT_TRUE(eventually([&] {
    reap();
    return std::none_of(tree.begin(), tree.end(), [](pid_t pid) { return ::kill(pid, 0) == 0; });
  })) << describe(tree);

  Process q({.start_method = StartMethod::forkserver}, stay, said.path());
  q.start();
  EXPECT_NE(said.next(), "(nothing came)");
  EXPECT_EQ(q.start_method(), StartMethod::forkserver);
  pid_t second = fork_server_of(::getpid());
  EXPECT_NE(second, 0);
  EXPECT_NE(second, server);
  q.terminate();
  EXPECT_TRUE(q.join(patience()));
  EXPECT_EQ(q.exitcode(), -SIGTERM);
  expect_no_fallbacks();
}

TEST(ForkServerDeath, lets_a_child_keep_the_exit_code_that_it_had_announced) {
  Process p({.start_method = StartMethod::forkserver}, [] { throw SystemExit(5); });
  p.start();
  pid_t server = fork_server_of(::getpid());
  ASSERT_NE(server, 0);
  pollfd entry{p.sentinel(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, 30000), 1);
  ::kill(server, SIGKILL);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 5);
}

TEST(ForkServerDeath, at_any_moment_starts_a_child_once_or_not_at_all) {
  // A second process kills the server again and again while this one starts children. Each child that says anything was
  // started once.
  ScratchDirectory scratch;
  std::string log = scratch / "log";
  pid_t self = ::getpid();
  pid_t killer = ::fork();
  if (killer == 0) {
    std::mt19937 random(7);
    while (true) {
      ::usleep(std::uniform_int_distribution<useconds_t>(200, 6000)(random));
      if (pid_t server = fork_server_of(self)) ::kill(server, SIGKILL);
    }
  }
  int refused = 0;
  int unknown = 0;
  int fine = 0;
  for (int i = 0; i < 150; ++i) {
    Process p(
        {.start_method = StartMethod::forkserver}, [](const std::string& to, int n) { say(to, std::to_string(n)); },
        log, i);
    try {
      p.start();
    } catch (const BootstrapError&) {  // three servers in a row were killed
      ++refused;
      continue;
    }
    ASSERT_TRUE(p.join(patience()));
    if (p.exitcode() == 0)
      ++fine;
    else
      ++unknown;
  }
  ::kill(killer, SIGKILL);
  ::waitpid(killer, nullptr, 0);
  std::multiset<std::string> said;
  for (auto& line : lines_of(file_text(log))) said.insert(line);
  for (const auto& line : said) EXPECT_EQ(said.count(line), 1u) << line;
  EXPECT_GE(static_cast<int>(said.size()), fine);
  EXPECT_EQ(fine + unknown + refused, 150);
  EXPECT_GT(fine, 0);
}

TEST(ForkServerDeath, by_its_starters_normal_exit_is_quick_and_leaves_nothing) {
  detail::stop_fork_servers();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  pid_t root = ::fork();
  if (root == 0) {
    Process p({.start_method = StartMethod::forkserver}, [] {});
    p.start();
    p.join();
    std::exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(root, &status, 0), root);
  EXPECT_EQ(status, 0);
  reap();
  EXPECT_TRUE(descendants().empty()) << describe(descendants());
}

TEST(ForkServer, does_not_hear_the_terminal) {
  ScratchDirectory scratch;
  Line said(scratch / "said");
  Process p({.start_method = StartMethod::forkserver}, stay, said.path());
  p.start();
  ASSERT_NE(said.next(), "(nothing came)");
  pid_t server = fork_server_of(::getpid());
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::kill(server, number);
  Process q({.start_method = StartMethod::forkserver}, stay, said.path());
  q.start();
  ASSERT_NE(said.next(), "(nothing came)");
  EXPECT_EQ(fork_server_of(::getpid()), server);
  EXPECT_TRUE(p.is_alive());
  for (auto* child : {&p, &q}) {
    child->interrupt();
    EXPECT_TRUE(child->join(patience()));
    EXPECT_EQ(child->exitcode(), -SIGINT) << "its children do";
  }
}

}  // namespace
}  // namespace cohort::test
