// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A process's life as its parent sees it: attributes, start, join, signals, close, the list of children.

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <stop_token>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/sync/event.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

class Life : public EachMethod {};
COHORT_FOR_EACH_METHOD(Life);
// Of a fork server's children nobody else can take the status.
class DirectChildren : public EachMethod {};
INSTANTIATE_TEST_SUITE_P(By, DirectChildren, testing::Values(StartMethod::spawn, StartMethod::fork), method_of);

void nothing() {}
void stay() {
  while (true) ::pause();
}
void wait_for(const std::string& go) { await(go); }

std::string hex(const std::vector<std::byte>& key) {
  std::string text;
  for (std::byte b : key) text += std::to_string(static_cast<int>(b)) + ",";
  return text;
}

void say_who(const std::string& to) {
  auto me = current_process();
  auto parent = parent_process();
  say(to, me.name + " " + std::to_string(me.pid == ::getpid()) + " " + std::to_string(me.pid) +
              " daemon=" + std::to_string(me.daemon) +
              " parent=" + (parent ? parent->name() + "/" + std::to_string(parent->pid()) : "none") +
              " method=" + std::string(me.start_method ? to_string(*me.start_method) : "none") +
              " default=" + std::string(to_string(get_start_method())));
}
void say_key(const std::string& to) { say(to, hex(current_authkey())); }

TEST(CurrentProcess, is_the_main_process_of_its_program) {
  auto me = current_process();
  EXPECT_EQ(me.name, "MainProcess");
  EXPECT_EQ(me.pid, ::getpid());
  EXPECT_FALSE(me.daemon);
  EXPECT_TRUE(me.identity.empty());
  EXPECT_FALSE(me.start_method);
  EXPECT_FALSE(parent_process());
  EXPECT_EQ(current_authkey().size(), 32u);
  EXPECT_EQ(current_authkey(), current_authkey());
  EXPECT_GE(cpu_count(), 1);
}

TEST_P(Life, goes_from_initial_to_started_to_stopped) {
  Line go(scratch / "go");
  Process p = process({.name = "worker"}, wait_for, go.path());
  EXPECT_EQ(p.name(), "worker");
  EXPECT_FALSE(p.is_alive());
  EXPECT_FALSE(p.pid());
  EXPECT_FALSE(p.exitcode());
  EXPECT_FALSE(p.exit_status());
  EXPECT_EQ(p.authkey(), current_authkey());
  EXPECT_TRUE(active_children().empty());
  p.start();
  EXPECT_EQ(p.start_method(), GetParam());
  EXPECT_TRUE(p.is_alive());
  ASSERT_TRUE(p.pid());
  EXPECT_FALSE(p.exitcode());
  ASSERT_EQ(active_children().size(), 1u);
  EXPECT_EQ(active_children()[0], p);
  EXPECT_FALSE(p.join(0ms));
  EXPECT_FALSE(p.join(-1s));
  go.tell();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_TRUE(p.join());
  EXPECT_TRUE(p.join(-1s));
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_TRUE(p.exit_status()->success());
  EXPECT_FALSE(p.is_alive());
  EXPECT_TRUE(active_children().empty());
}

TEST_P(Life, shows_its_state_as_text) {
  Line go(scratch / "go");
  Process p = process({.name = "worker", .daemon = true}, stay);
  std::string parent = " parent=" + std::to_string(::getpid());
  EXPECT_EQ(p.to_string(), "<Process name='worker'" + parent + " initial daemon>");
  p.start();
  std::string pid = " pid=" + std::to_string(*p.pid());
  EXPECT_EQ(p.to_string(), "<Process name='worker'" + pid + parent + " started daemon>");
  p.terminate();
  p.join();
  EXPECT_EQ(p.to_string(), "<Process name='worker'" + pid + parent + " stopped exitcode=-SIGTERM daemon>");
  p.close();
  EXPECT_NE(p.to_string().find("closed"), std::string::npos);
}

TEST_P(Life, gives_the_child_its_name_pid_parent_and_method) {
  Line said(scratch / "said");
  Process p = started(ProcessOptions{.name = "eve"}, say_who, said.path());
  std::string method(to_string(GetParam()));
  EXPECT_EQ(said.next(), "eve 1 " + std::to_string(*p.pid()) + " daemon=0 parent=MainProcess/" +
                             std::to_string(::getpid()) + " method=" + method + " default=" + method);
  EXPECT_TRUE(p.join(patience()));
}

TEST_P(Life, numbers_children_by_their_way_from_the_root) {
  Line said(scratch / "said");
  auto nested = [](const std::string& to) {
    Process first(say_who, to);
    Process second(say_who, to);
    second.start();
    second.join();
    first.start();
    first.join();
  };
  Process unstarted = process(nothing);  // it takes its number when it is described
  EXPECT_EQ(unstarted.name().rfind("Process-", 0), 0u);
  unsigned number = static_cast<unsigned>(std::stoul(unstarted.name().substr(8)));
  Process p = finished(nested, said.path());
  EXPECT_EQ(p.name(), "Process-" + std::to_string(number + 1));
  EXPECT_EQ(p.exitcode(), 0);
  std::string first = said.next();
  std::string second = said.next();
  EXPECT_EQ(first.substr(0, first.find(' ')), p.name() + ":2") << first;
  EXPECT_EQ(second.substr(0, second.find(' ')), p.name() + ":1") << second;
  EXPECT_NE(first.find("parent=" + p.name() + "/" + std::to_string(*p.pid())), std::string::npos) << first;
}

TEST_P(Life, passes_arguments_in_order_and_by_value) {
  Line said(scratch / "said");
  auto tell = [](const std::string& to, int n, const std::vector<double>& values, const char* text) {
    say(to, std::to_string(n) + " " + std::to_string(values.size()) + " " + std::to_string(values.at(1)) + " " + text);
  };
  std::vector<double> values{1, 2.5};
  Process p = process(tell, said.path(), 7, values, "hello");
  values[1] = 0;  // copied at the description
  p.start();
  EXPECT_EQ(said.next(), "7 2 2.500000 hello");
  EXPECT_TRUE(p.join(patience()));
}

struct Job {
  std::string to;
  int n;
  void run() { say(to, "job " + std::to_string(n)); }
};
TEST_P(Life, runs_an_object_with_run) {
  Line said(scratch / "said");
  Process p = finished(Job{said.path(), 5});
  EXPECT_EQ(said.next(), "job 5");
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(Life, gives_the_child_the_authkey_of_its_object) {
  Line said(scratch / "said");
  (void)finished(say_key, said.path());
  EXPECT_EQ(said.next(), hex(current_authkey()));
  Process p = process(say_key, said.path());
  std::vector<std::byte> key{std::byte{1}, std::byte{2}};
  p.set_authkey(key);
  p.start();
  EXPECT_EQ(said.next(), "1,2,");
  EXPECT_TRUE(p.join(patience()));
}

TEST_P(Life, reports_the_signal_that_ended_it) {
  struct Case {
    void (ProcessHandle::*send)() const;
    int signal;
  };
  for (Case c : {Case{&ProcessHandle::terminate, SIGTERM}, Case{&ProcessHandle::kill, SIGKILL},
                 Case{&ProcessHandle::interrupt, SIGINT}}) {
    Process p = started(stay);
    (p.*c.send)();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), -c.signal);
    EXPECT_EQ(p.exit_status()->signal(), c.signal);
    (p.*c.send)();  // the dead feel nothing
  }
}

TEST_P(Life, keeps_a_signal_that_comes_before_the_child_runs) {
  // Lost, it would let the child stay for ever.
  for (int i = 0; i < (GetParam() == StartMethod::spawn ? 10 : 100); ++i) {
    Process p = process(stay);
    p.start();
    p.terminate();
    ASSERT_TRUE(p.join(patience())) << i;
    ASSERT_EQ(p.exitcode(), -SIGTERM) << i;
  }
}

TEST_P(Life, ends_a_hundred_short_children_with_0) {
  std::vector<Process> all;
  int count = GetParam() == StartMethod::spawn ? 20 : 100;
  for (int i = 0; i < count; ++i) all.push_back(process(nothing));
  for (auto& p : all) p.start();
  for (auto& p : all) ASSERT_TRUE(p.join(patience()));
  for (auto& p : all) {
    EXPECT_EQ(p.exitcode(), 0);
    EXPECT_EQ(p.start_method(), GetParam());
  }
  EXPECT_TRUE(active_children().empty());
}

TEST_P(Life, ends_a_hundred_staying_children_by_terminate) {
  std::vector<Process> all;
  int count = GetParam() == StartMethod::spawn ? 20 : 100;
  for (int i = 0; i < count; ++i) all.push_back(started(stay));
  EXPECT_EQ(active_children().size(), static_cast<std::size_t>(count));
  for (auto& p : all) p.terminate();
  for (auto& p : all) ASSERT_TRUE(p.join(patience()));
  for (auto& p : all) EXPECT_EQ(p.exitcode(), -SIGTERM);
}

TEST_P(Life, has_a_sentinel_that_is_ready_at_the_end_and_not_before) {
  Line go(scratch / "go");
  Process p = process(wait_for, go.path());
  EXPECT_THROW((void)p.sentinel(), StateError);
  p.start();
  pollfd entry{p.sentinel(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  go.tell();
  EXPECT_EQ(::poll(&entry, 1, 30000), 1);
  // Ready means: the status is there for those who do not want to wait.
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_TRUE(p.join(0ms));
}

TEST_P(Life, is_joined_until_a_stop_is_requested) {
  Process p = started(stay);
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  try {
    p.join({source.get_token(), patience()});
    ADD_FAILURE() << "the process has not ended";
  } catch (const Stopped& stopped) { EXPECT_EQ(stopped.operation(), "Process.join"); }
  EXPECT_THROW(p.join(source.get_token()), Stopped);
  EXPECT_TRUE(p.is_alive());
  p.kill();
  EXPECT_TRUE(p.join({std::stop_source().get_token(), patience()}));
  EXPECT_TRUE(p.join(source.get_token()));  // it has ended: a stop is nothing to it
  EXPECT_EQ(p.exitcode(), -SIGKILL);
}

TEST_P(Life, is_joined_with_a_token_that_never_stops) {
  std::stop_source source;
  Process p = started(nothing);
  EXPECT_TRUE(p.join(source.get_token()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(Life, refuses_what_its_state_does_not_allow) {
  Process p = process(stay);
  EXPECT_THROW((void)p.join(0ms), StateError);
  EXPECT_THROW(p.terminate(), StateError);
  // The error names the call.
  auto named = [](auto call) {
    try {
      call();
    } catch (const Error& error) { return error.operation(); }
    return std::string();
  };
  EXPECT_EQ(named([&] { p.terminate(); }), "Process.terminate");
  EXPECT_EQ(named([&] { p.kill(); }), "Process.kill");
  EXPECT_EQ(named([&] { p.send_signal(1); }), "Process.send_signal");
  EXPECT_THROW((void)p.start_method(), StateError);
  p.set_daemon(true);
  EXPECT_TRUE(p.daemon());
  p.start();
  EXPECT_THROW(p.start(), StateError);
  EXPECT_THROW(p.set_daemon(false), StateError);
  EXPECT_THROW(p.close(), StateError);
  p.kill();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_THROW(p.start(), StateError);
  p.close();
  p.close();
  EXPECT_THROW((void)p.join(), ClosedError);
  EXPECT_THROW((void)p.is_alive(), ClosedError);
  EXPECT_THROW((void)p.exitcode(), ClosedError);
  EXPECT_THROW((void)p.pid(), ClosedError);
  EXPECT_THROW((void)p.sentinel(), ClosedError);
  EXPECT_THROW(p.terminate(), ClosedError);
}

TEST_P(Life, moves_a_destroyed_running_child_to_the_active_children) {
  Line go(scratch / "go");
  int pid;
  {
    Process p = started(wait_for, go.path());
    pid = *p.pid();
  }
  auto children = active_children();
  ASSERT_EQ(children.size(), 1u);
  EXPECT_EQ(children[0].pid(), pid);
  go.tell();
  EXPECT_TRUE(children[0].join(patience()));
  EXPECT_EQ(children[0].exitcode(), 0);
  EXPECT_TRUE(active_children().empty());
}

TEST_P(Life, leaves_no_zombie_once_children_are_listed) {
  int pid;
  int sentinel;
  {
    Process p = started(nothing);
    pid = *p.pid();
    sentinel = ::fcntl(p.sentinel(), F_DUPFD_CLOEXEC, 3);
  }
  pollfd entry{sentinel, POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, 30000), 1);
  ::close(sentinel);
  EXPECT_TRUE(active_children().empty());
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0 && errno == ESRCH; }));
}

TEST_P(Life, lets_a_child_be_moved_but_not_shared_with_other_processes) {
  Process p = started(stay);
  Process q = std::move(p);
  EXPECT_THROW((void)p.is_alive(), StateError);  // NOLINT: a moved-from object says so
  EXPECT_TRUE(q.is_alive());
  pid_t copy = ::fork();
  if (copy == 0) {
    int refused = 0;
    try {
      (void)q.join(0ms);
    } catch (const StateError&) { ++refused; }
    try {
      q.terminate();
    } catch (const StateError&) { ++refused; }
    ::_exit(refused == 2 && !q.name().empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(q.is_alive());
}

void start_a_child() {
  Process p(nothing);
  try {
    p.start();
  } catch (const StateError& e) {
    throw SystemExit(
        std::string(e.what()).find("daemonic processes are not allowed to have children") != std::string::npos ? 42
                                                                                                               : 43);
  }
  throw SystemExit(44);
}
TEST_P(Life, lets_no_daemon_have_children) {
  Process p = process({.daemon = true}, start_a_child);
  EXPECT_TRUE(p.daemon());
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 42);
}

TEST_P(Life, starts_depth_first_trees) {
  struct Tree {
    std::string to;
    std::vector<int> place;
    void run() {
      std::string text;
      for (int n : place) text += std::to_string(n) + ".";
      say(to, text);
      for (int i = 0; i < 2 && place.size() < 2; ++i) {
        Tree child{to, place};
        child.place.push_back(i);
        Process p(child);
        p.start();
        p.join();
      }
    }
  };
  Line said(scratch / "said");
  (void)finished(Tree{said.path(), {}});
  for (const char* expected : {"", "0.", "0.0.", "0.1.", "1.", "1.0.", "1.1."}) EXPECT_EQ(said.next(), expected);
}

TEST_P(Life, tells_a_grandchild_whether_its_parent_lives) {
  Line said(scratch / "said");
  auto middle = [](const std::string& to) {
    auto leaf = [](const std::string& out) {
      auto parent = parent_process();
      say(out, parent && parent->is_alive() && !parent->join(0ms) ? "alive" : "dead");
    };
    Process p(leaf, to);
    p.start();
    p.join();
  };
  (void)finished(middle, said.path());
  EXPECT_EQ(said.next(), "alive");
}

TEST_P(Life, survives_a_signal_that_interrupts_join) {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  struct sigaction before{};
  ::sigaction(SIGUSR1, &action, &before);  // without SA_RESTART: system calls end with EINTR
  Line go(scratch / "go");
  auto prod = [](int pid, const std::string& path) {
    for (int i = 0; i < 20; ++i) {
      ::kill(pid, SIGUSR1);
      ::usleep(1000);
    }
    say(path, "go");
  };
  Process p = started(wait_for, go.path());
  Process q = started(prod, static_cast<int>(::getpid()), go.path());
  EXPECT_TRUE(p.join(patience()));
  EXPECT_TRUE(q.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_P(DirectChildren, says_unknown_when_a_stranger_took_the_status) {
  Process p = started(stay);
  p.kill();
  int status;
  ASSERT_EQ(::waitpid(*p.pid(), &status, 0), *p.pid());
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exit_status()->kind(), ExitStatus::Kind::unknown);
  EXPECT_FALSE(p.exitcode());
  EXPECT_FALSE(p.is_alive());
}

TEST_P(DirectChildren, knows_the_exit_code_although_a_stranger_took_the_status) {
  Event noted;
  // A first start by spawn looks whether the child has begun, and takes the status itself when it has ended by then.
  Process p = started(
      [](Event go) {
        (void)go.wait(patience());
        throw SystemExit(7);
      },
      noted);
  noted.set();
  int status;
  ASSERT_EQ(::waitpid(*p.pid(), &status, 0), *p.pid());
  EXPECT_EQ(p.exitcode(), 7) << "the child said so before it went";
}

TEST_P(Life, works_where_sigchld_is_ignored) {
  ::signal(SIGCHLD, SIG_IGN);
  Process p = finished([] { throw SystemExit(9); });
  EXPECT_EQ(p.exitcode(), 9);
  Process q = started(stay);
  q.terminate();
  EXPECT_TRUE(q.join(patience()));
  ::signal(SIGCHLD, SIG_DFL);
}

}  // namespace
}  // namespace cohort::test
