// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// What Process knows before anything is started.
#include "cohort/process/process.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>
#include <type_traits>

#include "cohort/base/error.hpp"
#include "cohort/process/context.hpp"
#include "os/fd.hpp"
#include "os/thread.hpp"
#include "process/running_child.hpp"
#include "process/service_thread.hpp"

namespace cohort {
namespace {

void nothing() {}

static_assert(!std::is_copy_constructible_v<Process> && !std::is_copy_assignable_v<Process>);
static_assert(std::is_nothrow_move_constructible_v<Process> && std::is_nothrow_move_assignable_v<Process>);
static_assert(std::is_copy_constructible_v<ProcessHandle>);
static_assert(!std::is_constructible_v<Process, const Process&>, "the constructor must not swallow a copy");

TEST(Process, takes_name_daemon_and_key_from_its_creator_unless_given) {
  Process plain(nothing);
  EXPECT_EQ(plain.name().rfind("Process-", 0), 0u);
  EXPECT_FALSE(plain.daemon());
  EXPECT_EQ(plain.authkey(), current_authkey());
  Process named({.name = "n", .daemon = true}, nothing);
  EXPECT_EQ(named.name(), "n");
  EXPECT_TRUE(named.daemon());
  named.set_name("m");
  EXPECT_EQ(named.name(), "m");
}

TEST(Process, keeps_the_key_of_its_creation) {
  auto before = current_authkey();
  Process p(nothing);
  set_current_authkey({std::byte{1}});
  EXPECT_EQ(p.authkey(), before);
  EXPECT_EQ(Process(nothing).authkey(), std::vector<std::byte>{std::byte{1}});
  set_current_authkey(before);
}

TEST(Process, that_was_moved_from_says_so) {
  Process p(nothing);
  Process q(std::move(p));
  EXPECT_THROW((void)p.name(), StateError);  // NOLINT: that is the point
  p = std::move(q);
  EXPECT_NO_THROW((void)p.name());
}

TEST(Process, may_be_closed_before_it_is_started) {
  Process p(nothing);
  p.close();
  EXPECT_THROW(p.start(), ClosedError);
  EXPECT_THROW((void)p.exitcode(), ClosedError);
  EXPECT_NO_THROW((void)p.name());
  EXPECT_NE(p.to_string().find("closed"), std::string::npos);
}

TEST(Process, renames_the_current_process_without_renaming_children) {
  set_current_process_name("boss");
  EXPECT_EQ(current_process().name, "boss");
  EXPECT_EQ(Process(nothing).name().rfind("Process-", 0), 0u);
  set_current_process_name("MainProcess");
}

TEST(Context, binds_a_method) {
  EXPECT_EQ(get_context("spawn").get_start_method(), StartMethod::spawn);
  EXPECT_EQ(get_context(StartMethod::fork).get_start_method(), StartMethod::fork);
}

TEST(ExitStatusOf, reads_the_word_of_waitpid) {
  EXPECT_EQ(detail::exit_status_of(7 << 8).code(), 7);
  EXPECT_EQ(detail::exit_status_of(SIGKILL).signal(), SIGKILL);
  EXPECT_FALSE(detail::exit_status_of(SIGSEGV).core_dumped());
  EXPECT_TRUE(detail::exit_status_of(SIGSEGV | 0x80).core_dumped());
}

TEST(ServiceThread, calls_once_and_never_after_unwatch) {
  auto [read_end, write_end] = os::make_pipe();
  std::atomic<int> calls{0};
  auto first = detail::watch(read_end.get(), [&] { ++calls; });
  detail::unwatch(first);
  write_end.reset();
  auto [other_read, other_write] = os::make_pipe();
  std::atomic<bool> done{false};
  detail::watch(other_read.get(), [&] { done = true; });
  other_write.reset();
  Deadline patience = std::chrono::seconds(30);
  while (!done && !patience.expired()) std::this_thread::yield();
  EXPECT_TRUE(done);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(os::library_threads(), 1);
}

// Whether the descriptor of one of our waits is closed, and which it was.
int service_set() {
  for (int fd = 3; fd < 256; ++fd) {
    std::error_code none;
    auto link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none);
    if (!none && link.string().find("eventpoll") != std::string::npos) return fd;
  }
  return -1;
}
bool is_soon(const std::atomic<bool>& flag) {
  Deadline patience = std::chrono::seconds(30);
  while (!flag && !patience.expired()) std::this_thread::yield();
  return flag;
}

TEST(ServiceThread, calls_at_a_time_in_the_order_of_the_times) {
  std::vector<int> order;
  std::atomic<bool> done{false};
  Deadline late = std::chrono::milliseconds(40);
  Deadline early = std::chrono::milliseconds(20);
  detail::call_at(Deadline::never(), [&] { order.push_back(3); });
  detail::call_at(late, [&] {
    EXPECT_TRUE(late.expired());
    order.push_back(2);
    done = true;
  });
  detail::call_at(early, [&] {
    EXPECT_TRUE(early.expired());
    order.push_back(1);
    detail::call_at(Deadline::now(), [&] { order.push_back(10); });
  });
  ASSERT_TRUE(is_soon(done));
  EXPECT_EQ(order, (std::vector<int>{1, 10, 2}));
}

TEST(ServiceThread, makes_no_call_that_was_taken_back) {
  std::atomic<bool> done{false};
  bool called = false;
  auto number = detail::call_at(std::chrono::milliseconds(5), [&] { called = true; });
  detail::unwatch(number);
  detail::call_at(std::chrono::milliseconds(10), [&] { done = true; });
  ASSERT_TRUE(is_soon(done));
  EXPECT_FALSE(called);
}

TEST(ServiceThread, waits_for_a_call_under_way_that_is_taken_back) {
  std::atomic<bool> begun{false};
  std::atomic<bool> may_end{false};
  std::atomic<bool> ended{false};
  auto number = detail::call_at(Deadline::now(), [&] {
    begun = true;
    EXPECT_TRUE(is_soon(may_end));
    ended = true;
  });
  ASSERT_TRUE(is_soon(begun));
  may_end = true;
  detail::unwatch(number);
  EXPECT_TRUE(ended);
}

TEST(ServiceThread, goes_on_after_an_exception_of_a_callback) {
  auto [first_read, first_write] = os::make_pipe();
  auto [second_read, second_write] = os::make_pipe();
  std::atomic<bool> done{false};
  auto thrower = detail::watch(first_read.get(), [] { throw 1; });
  detail::watch(second_read.get(), [&] { done = true; });
  first_write.reset();
  detail::unwatch(thrower);
  second_write.reset();
  EXPECT_TRUE(is_soon(done));
}

TEST(ServiceThread, goes_on_when_the_program_has_closed_its_set_and_some_of_what_it_watched) {
  auto [kept_read, kept_write] = os::make_pipe();
  auto [lost_read, lost_write] = os::make_pipe();
  std::atomic<bool> done{false};
  std::atomic<bool> called{false};
  detail::watch(kept_read.get(), [&] { done = true; });
  auto lost = detail::watch(lost_read.get(), [&] { called = true; });
  int set = service_set();
  ASSERT_GE(set, 3);
  lost_read.reset();
  // The kernel tells a thread that sleeps in a closed set of what comes there; the next call finds it closed. By the
  // bare system call: the thread sanitizer would take it for a race, which it is on purpose.
  ::syscall(SYS_close, set);
  kept_write.reset();
  EXPECT_TRUE(is_soon(done));
  auto [next_read, next_write] = os::make_pipe();
  std::atomic<bool> next{false};
  Deadline patience = std::chrono::seconds(30);
  std::uint64_t number = 0;
  while (number == 0 && !patience.expired()) {
    try {
      number = detail::watch(next_read.get(), [&] { next = true; });
    } catch (const OsError&) { std::this_thread::yield(); }  // it has not noticed yet
  }
  next_write.reset();
  EXPECT_TRUE(is_soon(next));
  EXPECT_FALSE(called);
  detail::unwatch(lost);
}

}  // namespace
}  // namespace cohort
