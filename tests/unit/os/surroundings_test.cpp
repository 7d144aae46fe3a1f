// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The smaller rooms of the port: modules, pollers, sockets, signals, threads, stacks, attributes, credentials,
// processors.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "os/cgroup.hpp"
#include "os/cpu.hpp"
#include "os/credentials.hpp"
#include "os/module.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "os/signal.hpp"
#include "os/socket.hpp"
#include "os/stream_io.hpp"
#include "os/thread.hpp"
#include "os/unwind.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

// What `body` returns in a copy of this process.
template <class Body>
int in_copy(Body body) {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Poll, waits_for_more_than_the_limit_of_descriptors_allows) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  Fd ready = make_eventfd(), idle = make_eventfd();
  notify(ready.get());
  std::vector<PollItem> items(200, PollItem{.fd = idle.get()});
  std::vector<int> fds(200, idle.get());
  for (rlim_t most : {rlim_t{64}, rlim_t{0}}) {
    rlimit less = before;
    less.rlim_cur = most;
    ::setrlimit(RLIMIT_NOFILE, &less);
    EXPECT_EQ(poll_items(items, 20ms), 0U);
    EXPECT_TRUE(wait_any_readable(fds, 20ms).empty());
    EXPECT_TRUE(is_readable(ready.get()));
    EXPECT_FALSE(is_readable(idle.get()));
    EXPECT_TRUE(wait_readable(ready.get(), 10s));
    std::vector<PollItem> some = items;
    some[7] = {.fd = ready.get()};
    some[8] = {.fd = idle.get(), .for_write = true};
    some[9] = {.fd = -1};
    EXPECT_EQ(poll_items(some, Deadline::never()), 2U);
    EXPECT_TRUE(some[7].ready && some[8].ready && !some[6].ready && !some[9].ready);
    some[10] = {.fd = 1000};
    EXPECT_EQ(poll_each(some, Deadline::never()), 3U);
    EXPECT_TRUE(some[10].ready && some[10].closed && !some[7].closed);
    EXPECT_THROW(poll_items(some, Deadline::never()), OsError);
    ::setrlimit(RLIMIT_NOFILE, &before);
  }
}

TEST(WriteFull, into_a_pipe_without_reader_throws_and_does_not_kill) {
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              auto [read_end, write_end] = make_pipe();
              read_end.reset();
              try {
                write_full(write_end.get(), std::as_bytes(std::span("x", 1)));
              } catch (const OsError& error) { return error.code() == std::errc::broken_pipe ? 0 : 2; }
              return 1;
            }),
            0);
}

TEST(Logger, does_not_kill_when_nobody_reads_its_lines) {
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              auto [read_end, write_end] = make_pipe();
              read_end.reset();
              ::dup2(write_end.get(), 2);
              log_to_stderr(LogLevel::info);
              get_logger().info("nobody reads this");
              return 0;
            }),
            0);
}

TEST(Module, knows_the_program_and_its_libraries) {
  auto here = module_of(reinterpret_cast<const void*>(&in_copy<int (*)()>));
  ASSERT_TRUE(here);
  EXPECT_EQ(here->build_id, program_module().build_id);
  EXPECT_NE(here->build_id, BuildId{});
  EXPECT_EQ(here->path, "");
  auto libc = module_of(reinterpret_cast<const void*>(&::getpid));
  ASSERT_TRUE(libc);
  auto again = find_module(libc->build_id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->base, libc->base);
  int on_the_stack = 0;
  EXPECT_FALSE(module_of(&on_the_stack));
  EXPECT_FALSE(find_module(BuildId{}));
  EXPECT_LT(here->text_begin, here->text_end);
  EXPECT_LE(here->text_end, here->end);
}
TEST(Module, can_be_executed_again) { EXPECT_EQ(::access(executable_path().c_str(), X_OK), 0); }

TEST(Poller, gives_the_keys_of_what_is_ready_and_only_those) {
  auto [a_read, a_write] = make_pipe();
  auto [b_read, b_write] = make_pipe();
  Poller poller;
  poller.add(a_read.get(), 1);
  poller.add(b_read.get(), std::uint64_t{1} << 40);
  EXPECT_TRUE(poller.wait(Deadline::now()).empty());
  std::byte one{1};
  write_full(b_write.get(), std::span(&one, 1));
  auto keys = poller.wait(5s);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0], std::uint64_t{1} << 40);
  poller.remove(b_read.get());
  poller.remove(b_read.get());
  EXPECT_TRUE(poller.wait(Deadline::now()).empty());
  a_write.reset();
  EXPECT_EQ(poller.wait(5s).size(), 1u) << "an end is readable";
}
TEST(Poller, waits_for_one_of_many_descriptors) {
  auto [a_read, a_write] = make_pipe();
  auto [b_read, b_write] = make_pipe();
  int both[] = {a_read.get(), b_read.get()};
  EXPECT_TRUE(wait_any_readable(both, Deadline::now()).empty());
  EXPECT_TRUE(wait_any_readable({}, 1ms).empty());
  EXPECT_FALSE(wait_readable(a_read.get(), 1ms));
  b_write.reset();
  EXPECT_EQ(wait_any_readable(both, 5s), std::vector<std::size_t>{1});
  EXPECT_TRUE(is_readable(b_read.get()));
  EXPECT_FALSE(is_readable(a_read.get()));
}

TEST(Packet, carries_bytes_and_descriptors_and_keeps_its_boundaries) {
  auto [left, right] = make_packet_pair();
  auto [reader, writer] = make_pipe();
  std::byte text[3] = {std::byte{1}, std::byte{2}, std::byte{3}};
  int fds[] = {writer.get()};
  send_packet(left.get(), text, fds);
  send_packet(left.get(), std::span(text, 1), {});
  std::byte buffer[8];
  auto first = receive_packet(right.get(), buffer);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size, 3u);
  ASSERT_EQ(first->fds.size(), 1u);
  EXPECT_TRUE(::fcntl(first->fds[0].get(), F_GETFD) & FD_CLOEXEC);
  write_full(first->fds[0].get(), text);
  EXPECT_TRUE(is_readable(reader.get()));
  EXPECT_EQ(receive_packet(right.get(), buffer)->size, 1u);
  set_nonblocking(right.get(), true);
  EXPECT_FALSE(receive_packet(right.get(), buffer));
  send_packet(left.get(), text, {});
  auto cut = receive_packet(right.get(), std::span(buffer, 2));
  EXPECT_TRUE(cut->truncated);
  left.reset();
  EXPECT_EQ(receive_packet(right.get(), buffer)->size, 0u);
  EXPECT_THROW(send_packet(right.get(), text, {}), OsError);
}

TEST(Signals, are_blocked_and_put_back) {
  sigset_t before = signal_mask();
  {
    BlockSignals blocked;
    sigset_t now = signal_mask();
    EXPECT_TRUE(sigismember(&now, SIGTERM));
  }
  sigset_t after = signal_mask();
  EXPECT_EQ(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
  EXPECT_EQ(in_copy([] {
              ignore_signal(SIGUSR1);
              if (!is_ignored(SIGUSR1) || is_ignored(SIGUSR2)) return 1;
              ::signal(SIGUSR2, [](int) {});
              reset_signal_handlers();
              struct sigaction action{};
              ::sigaction(SIGUSR2, nullptr, &action);
              if (action.sa_handler != SIG_DFL || !is_ignored(SIGUSR1)) return 2;
              block_signals({SIGUSR2});
              ::raise(SIGUSR2);
              return 0;
            }),
            0);
}

TEST(Thread, runs_with_all_signals_blocked) {
  struct Result {
    std::atomic<int> blocked{-1};
  };
  static Result result;
  start_thread(
      [](void* raw) {
        sigset_t mask = signal_mask();
        static_cast<Result*>(raw)->blocked = sigismember(&mask, SIGTERM);
        return false;
      },
      &result, "test", 16 * 1024);
  Deadline patience = 30s;
  while (result.blocked < 0 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(result.blocked, 1);
  EXPECT_EQ(settled_thread_count(1), 1);
}

TEST(Thread, logs_an_exception_of_any_type_and_takes_the_next_turn) {
  struct NullText : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
  };
  static std::atomic<int> turns{0};
  std::atomic<int> lines{0};
  get_logger().set_sink([&](LogLevel, std::string_view) {
    ++lines;
    throw std::runtime_error("a sink of the user's, on our thread");
  });
  get_logger().set_level(LogLevel::error);
  {
    Thread thread(
        [](void*) -> bool {
          switch (++turns) {
            case 1: throw std::runtime_error("one");
            case 2: throw NullText();
            case 3: throw 3;
            default: return turns < 5;
          }
        },
        nullptr, "test", 64 * 1024);
  }
  get_logger().set_sink({});
  get_logger().set_level(LogLevel::off);
  EXPECT_EQ(turns, 5);
  EXPECT_EQ(lines, 3);
}

TEST(ThreadCount, counts_those_that_live_and_forgets_the_joined) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) std::this_thread::yield();
  });
  EXPECT_EQ(thread_count(), 2);
  EXPECT_EQ(settled_thread_count(1), 2);
  stop = true;
  other.join();
  EXPECT_EQ(settled_thread_count(1), 1);
}

TEST(Attributes, are_carried_over_by_capture_and_apply) {
  EXPECT_EQ(in_copy([] {
              ProcessAttributes present = capture_process_attributes();
              ProcessAttributes wanted = present;
              wanted.umask = 027;
              wanted.soft_limits[RLIMIT_NOFILE] = 99;
              sigaddset(&wanted.signal_mask, SIGUSR1);
              if (apply_process_attributes(wanted, present).any()) return 4;
              ProcessAttributes now = capture_process_attributes();
              if (now.umask != 027) return 1;
              if (now.soft_limits[RLIMIT_NOFILE] != 99) return 2;
              if (sigismember(&now.signal_mask, SIGUSR1) != 1) return 3;
              return 0;
            }),
            0);
}

TEST(Attributes, are_reported_when_refused_and_limits_set_as_near_as_may_be) {
  EXPECT_EQ(in_copy([] {
              rlimit low{100, 200};
              if (::setrlimit(RLIMIT_NOFILE, &low) != 0 || ::setpriority(PRIO_PROCESS, 0, 19) != 0) return 1;
              if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
              ProcessAttributes present = capture_process_attributes();
              ProcessAttributes wanted = present;
              wanted.soft_limits[RLIMIT_NOFILE] = wanted.hard_limits[RLIMIT_NOFILE] = 300;
              wanted.hard_limits[RLIMIT_CORE] = wanted.soft_limits[RLIMIT_CORE] = 0;
              wanted.nice = -5;
              RefusedAttributes refused = apply_process_attributes(wanted, present);
              if (refused.to_string() != "RLIMIT_NOFILE, nice value") return 3;
              ProcessAttributes now = capture_process_attributes();
              if (now.soft_limits[RLIMIT_NOFILE] != 200 || now.hard_limits[RLIMIT_NOFILE] != 200) return 4;
              if (now.hard_limits[RLIMIT_CORE] != 0 || now.nice != 19) return 5;
              return RefusedAttributes().to_string().empty() && !RefusedAttributes().any() ? 0 : 6;
            }),
            0);
}

TEST(Attributes, hold_the_same_umask_with_and_without_threads) {
  mode_t before = ::umask(031);
  EXPECT_EQ(capture_process_attributes().umask, 031u);
  std::thread([] { EXPECT_EQ(capture_process_attributes().umask, 031u); }).join();
  ::umask(before);
}

TEST(Environment, is_replaced_as_a_whole) {
  EXPECT_EQ(in_copy([] {
              ::setenv("COHORT_TEST_A", "1", 1);
              auto block = capture_environment();
              auto digest = environment_digest();
              ::setenv("COHORT_TEST_A", "2", 1);
              ::setenv("COHORT_TEST_B", "x=y", 1);
              if (environment_digest() == digest) return 1;
              auto second = capture_environment();
              replace_environment(block);
              if (std::getenv("COHORT_TEST_B") != nullptr || std::string(std::getenv("COHORT_TEST_A")) != "1") return 2;
              if (environment_digest() != digest) return 3;
              replace_environment(second);
              if (std::string(std::getenv("COHORT_TEST_B")) != "x=y") return 4;
              replace_environment({});
              return environ == nullptr || *environ == nullptr ? 0 : 5;
            }),
            0);
}

TEST(Credentials, are_equal_until_something_changes) {
  Credentials first = current_credentials();
  EXPECT_EQ(first, current_credentials());
  EXPECT_EQ(first, current_credentials());
  EXPECT_NE(first.namespaces[0], 0u);
  EXPECT_EQ(in_copy([&] { return current_credentials() == first && current_credentials() == first ? 0 : 1; }), 0);
  if (::geteuid() != 0) return;
  EXPECT_EQ(in_copy([&] {
              if (::setresuid(65534, 65534, 65534) != 0) return 2;
              return current_credentials() == first ? 1 : 0;
            }),
            0);
  EXPECT_EQ(in_copy([&] {
              (void)current_credentials();
              if (::unshare(CLONE_NEWUTS) != 0) return 0;  // not allowed here
              return current_credentials() == first ? 1 : 0;
            }),
            0);
}

TEST(Process, kills_all_that_descends_from_it) {
  EXPECT_EQ(in_copy([] {
              become_subreaper();
              for (int i = 0; i < 3; ++i) {
                if (::fork() == 0) {
                  if (::fork() == 0) ::setsid();
                  while (true) ::pause();
                }
              }
              kill_descendants();
              return child_processes().empty() ? 0 : 1;
            }),
            0);
}
TEST(Process, tells_an_ended_child_without_reaping_it) {
  EXPECT_EQ(in_copy([] {
              if (peek_ended_child().pid != 0) return 1;
              pid_t pid = ::fork();
              if (pid == 0) ::_exit(7);
              EndedChild ended;
              while (ended.pid == 0) ended = peek_ended_child();
              if (ended.pid != pid || ended.wait_status != 7 << 8) return 2;
              if (peek_ended_child().pid != pid) return 3;
              reap_child(pid);
              return peek_ended_child().pid == 0 ? 0 : 4;
            }),
            0);
}
TEST(Process, distinguishes_sent_gone_and_refused_signals) {
  pid_t pid = ::fork();
  if (pid == 0)
    while (true) ::pause();
  Fd life = open_pidfd(pid);
  ASSERT_TRUE(life);
  EXPECT_EQ(send_signal(life.get(), 0), SignalOutcome::sent);
  EXPECT_EQ(send_signal(life.get(), SIGKILL), SignalOutcome::sent);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(send_signal(life.get(), SIGKILL), SignalOutcome::gone);
  EXPECT_EQ(send_signal(0, SIGKILL), SignalOutcome::refused);
}

TEST(Fd, is_moved_above_the_standard_streams) {
  EXPECT_EQ(in_copy([] {
              ::close(0);
              Fd low(::open("/dev/null", O_RDONLY | O_CLOEXEC));
              if (low.get() != 0) return 1;
              Fd high = above_standard_streams(std::move(low));
              if (high.get() < 3 || is_open(0)) return 2;
              int number = high.get();
              if (above_standard_streams(std::move(high)).get() != number) return 3;
              return above_standard_streams(Fd()).get() == -1 ? 0 : 4;
            }),
            0);
}

TEST(Cpu, counts_what_may_be_used) {
  EXPECT_GE(usable_cpus(), 1);
  EXPECT_LE(usable_cpus(), static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)));
  EXPECT_EQ(in_copy([] {
              cpu_set_t one;
              CPU_ZERO(&one);
              CPU_SET(::sched_getcpu(), &one);
              ::sched_setaffinity(0, sizeof one, &one);
              return usable_cpus();
            }),
            1);
}

TEST(Unwind, passes_thread_cancellation_through) {
  // A forced unwinding that were caught or traced would end in terminate().
  std::atomic<bool> ready{false};
  std::thread worker([&] {
    call_with_trace(
        [](void* raw) {
          *static_cast<std::atomic<bool>*>(raw) = true;
          while (true) ::pause();
        },
        &ready);
  });
  while (!ready) std::this_thread::yield();
  ::pthread_cancel(worker.native_handle());
  worker.join();
}
TEST(Unwind, demangles_what_it_can) {
  EXPECT_EQ(demangle("St12out_of_range"), "std::out_of_range");
  EXPECT_EQ(demangle("not mangled"), "not mangled");
}

}  // namespace
}  // namespace cohort::os
