// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A fork server that is stopped, killed, or asked by somebody who may have less than it has.

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "os/process.hpp"
#include "os/process_identity.hpp"
#include "process/fork_server_link.hpp"
#include "process/launch.hpp"

namespace cohort::test {
namespace {

class ForkServer : public testing::Test {
 protected:
  void SetUp() override {
    detail::stop_fork_servers();
    set_start_method(StartMethod::forkserver, true);
  }
  void TearDown() override {
    for (auto& child : active_children()) child.kill();
    for (auto& child : active_children()) child.join(patience());
    detail::stop_fork_servers();
    EXPECT_TRUE(eventually([] { return os::child_processes().empty(); }));
  }
  template <class... Args>
  static Process started(Args&&... arguments) {
    Process p(std::forward<Args>(arguments)...);
    p.start();
    return p;
  }
  static int server_pid() {
    auto link = detail::inherited_fork_server();
    return link ? link->pid() : -1;
  }
  static void stop(int pid) {
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    ASSERT_TRUE(eventually([&] { return os::is_stopped({pid, 0}); }));
  }
  ScratchDirectory scratch;
};

void stay() {
  while (true) ::pause();
}

TEST_F(ForkServer, that_is_stopped_holds_neither_start_nor_terminate_nor_join) {
  Line from(scratch / "from");
  Process by_signal = started(stay);
  Process by_code = started(
      [](const std::string& to) {
        say(to, "here");
        ::usleep(300'000);
        ::_exit(9);
      },
      from.path());
  Process by_exception = started([] {
    ::usleep(300'000);
    throw SystemExit(5);
  });
  EXPECT_EQ(from.next(), "here");
  int former = server_pid();
  stop(former);
  auto reserved = family::Family::instance().statistics().members_reserved;
  Process p = started([] { throw SystemExit(7); });
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 7);
  EXPECT_NE(server_pid(), former) << "another server does the work";
  by_signal.terminate();
  EXPECT_TRUE(by_signal.join(patience()));
  EXPECT_EQ(by_signal.exitcode(), -SIGTERM);
  EXPECT_TRUE(by_code.join(patience()));
  EXPECT_EQ(by_code.exitcode(), 9) << "the kernel has the status as long as nobody has reaped";
  EXPECT_TRUE(by_exception.join(patience()));
  EXPECT_EQ(by_exception.exitcode(), 5);
  // When it goes on it does not do what is not wanted any more, and the records that were lent to it come back.
  ASSERT_EQ(::kill(former, SIGCONT), 0);
  EXPECT_TRUE(eventually([&] {
    Process q = started([] {});
    q.join(patience());
    return family::Family::instance().statistics().members_reserved <= reserved && !os::is_alive({former, 0});
  }));
}

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(ForkServer, that_was_replaced_while_stopped_leaves_no_descriptors_once_it_has_ended) {
  // The second start opens the folder of this process's namespaces, once for all.
  for (int i = 0; i < 2; ++i) started([] {}).join(patience());
  int former = server_pid();
  int before = open_descriptors();
  stop(former);
  started([] {}).join(patience());
  ASSERT_NE(server_pid(), former) << "another server does the work";
  EXPECT_GT(open_descriptors(), before) << "the socket and the pidfd of the stopped one";
  ASSERT_EQ(::kill(former, SIGCONT), 0);
  EXPECT_TRUE(eventually([&] { return open_descriptors() == before; })) << "nobody asks for a process any more";
}

TEST_F(ForkServer, that_is_stopped_with_its_socket_full_holds_no_start) {
  started([] {}).join(patience());
  int former = server_pid();
  auto link = detail::inherited_fork_server();
  stop(former);
  detail::ForkRequest nothing;
  nothing.kind = detail::ForkRequestKind::signal;
  nothing.slot = ~0u;
  while (link->send(nothing)) {}
  Process p = started([] { throw SystemExit(7); });
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 7);
}

TEST_F(ForkServer, that_is_stopped_ends_with_the_program) {
  ForkProcess program([] {
    detail::stop_fork_servers();
    started([] {}).join(patience());
    ::kill(server_pid(), SIGSTOP);
    throw SystemExit(3);
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 3);
}

TEST_F(ForkServer, that_is_killed_is_no_zombie_though_nobody_asks) {
  started([] {}).join(patience());
  int pid = server_pid();
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; })) << "a zombie still has its number";
  Process p = started([] { throw SystemExit(7); });
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 7);
}

void count_and(int deaths, int signal) {
  const char* file = std::getenv("COHORT_TEST_COUNT");
  if (file == nullptr) return;
  say(file, "x");
  if (static_cast<int>(lines_of(file_text(file)).size()) <= deaths) ::raise(signal);
}
void killed_five_times() { count_and(5, SIGKILL); }
void aborts() {
  ::signal(SIGABRT, SIG_DFL);
  count_and(1000, SIGABRT);
}

TEST_F(ForkServer, that_is_killed_five_times_within_one_start_is_replaced_each_time) {
  ForkProcess program([file = scratch / "count"] {
    ::setenv("COHORT_TEST_COUNT", file.c_str(), 1);
    set_forkserver_preload<killed_five_times>();
    Process p = started([] { throw SystemExit(7); });
    p.join();
    throw SystemExit(p.exitcode() == 7 && lines_of(file_text(file)).size() == 6 ? 42 : 1);
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 42);
}

TEST_F(ForkServer, that_crashes_by_itself_is_given_up_and_the_error_names_the_signal) {
  ForkProcess program([file = scratch / "count"] {
    ::setenv("COHORT_TEST_COUNT", file.c_str(), 1);
    set_forkserver_preload<aborts>();
    try {
      started([] {});
    } catch (const BootstrapError& e) {
      if (std::string(e.what()).find("SIGABRT") == std::string::npos) throw SystemExit(e.what());
      throw SystemExit(lines_of(file_text(file)).size() == 3 ? 42 : 1);
    }
  });
  program.start();
  EXPECT_TRUE(program.join(patience()));
  EXPECT_EQ(program.exitcode(), 42);
}

// ---- who asks -------------------------------------------------------------------------------------------------------

void injected(const std::string& to) { say(to, "injected"); }

// As somebody would who has taken a worker over: writes a launch and a request himself. What the server answers.
detail::LaunchState ask(detail::ForkServerLink& link, const std::string& to) {
  auto& family = family::Family::instance();
  family::MemberId self = family.self();
  auto launch = detail::describe_launch("x", {}, false, {}, StartMethod::forkserver, self);
  launch.target = detail::Invocation<Function<injected>, false, detail::ParameterList<std::string>>::descriptor.id();
  launch.body = encode(to);
  family::MemberId member = family.reserve_member(self);
  detail::store_launch(launch, {}, member);
  detail::ForkRequest request;
  request.slot = member.slot;
  request.generation = member.generation;
  os::Fd directory = os::working_directory();
  int fd = directory.get();
  link.request(request, {&fd, 1});
  auto& word = family.member(member).launch_state;
  eventually([&] { return word.load(std::memory_order_acquire) != 0; });
  return static_cast<detail::LaunchState>(word.load(std::memory_order_acquire));
}

void answer(const std::string& to, void (*give_up)()) {
  auto link = detail::inherited_fork_server();
  if (link == nullptr) throw SystemExit("no server");
  give_up();
  say(to, std::to_string(static_cast<int>(ask(*link, to))));
  // Neither may it end the server, nor have it signal others' children.
  detail::ForkRequest request;
  for (auto kind : {detail::ForkRequestKind::stop, detail::ForkRequestKind::retire}) {
    request.kind = kind;
    link->send(request);
  }
  auto& family = family::Family::instance();
  request.kind = detail::ForkRequestKind::signal;
  request.argument = SIGKILL;
  family.for_each_member([&](family::MemberId id, family::MemberRecord&) {
    if (id == family.self()) return;
    request.slot = id.slot;
    request.generation = id.generation;
    link->send(request);
  });
  say(to, "asked");
}

void give_up_nothing() {}
void give_up_root() {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
    throw SystemExit(90);
}
void give_up_groups() {
  const gid_t group = 1234;
  if (::setgroups(1, &group) != 0) throw SystemExit(90);
}
void give_up_new_privileges() { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
void give_up_capabilities() {
  for (int i = 0; i < 64; ++i) ::prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) throw SystemExit(90);
}

template <auto Give>
void answer_after(const std::string& to) {
  answer(to, Give);
}

TEST_F(ForkServer, gives_a_worker_nothing_back_that_it_gave_up) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has much to give up";
  Process bystander = started(stay);
  auto asks = [&](auto function, const char* name) {
    std::string file = scratch / name;
    std::ofstream(file).close();
    std::filesystem::permissions(file, std::filesystem::perms::all);
    Process p = started(function, file);
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0) << name;
    return lines_of(file_text(file));
  };
  const std::vector<std::string> denied{"6", "asked"};
  EXPECT_EQ(asks(answer_after<give_up_root>, "root"), denied);
  EXPECT_EQ(asks(answer_after<give_up_groups>, "groups"), denied);
  EXPECT_EQ(asks(answer_after<give_up_new_privileges>, "new_privileges"), denied);
  EXPECT_EQ(asks(answer_after<give_up_capabilities>, "capabilities"), denied);
  auto allowed = asks(answer_after<give_up_nothing>, "nothing");
  ASSERT_FALSE(allowed.empty());
  EXPECT_NE(std::find(allowed.begin(), allowed.end(), "1"), allowed.end()) << "who gave nothing up may ask";
  EXPECT_TRUE(bystander.is_alive());
  EXPECT_GT(server_pid(), 0);
}

template <auto Give>
void start_after() {
  Give();
  Process p([] { throw SystemExit(7); });
  p.start();
  p.join();
  throw SystemExit(p.exitcode() == 7 ? 42 : 1);
}

TEST_F(ForkServer, serves_an_honest_worker_that_gave_something_up_by_another_server) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has much to give up";
  Process ended[] = {started(start_after<give_up_root>), started(start_after<give_up_groups>),
                     started(start_after<give_up_new_privileges>), started(start_after<give_up_capabilities>)};
  for (Process& p : ended) {
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 42);
  }
}

}  // namespace
}  // namespace cohort::test
