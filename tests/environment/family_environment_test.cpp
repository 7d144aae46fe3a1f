// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The family memory where the world is not as at home: small limits, core dumps, locked memory, valgrind, seccomp, and
// processes that fork, exec and end in their own ways.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "family/family.hpp"
#include "family/process_page.hpp"
#include "os/memory.hpp"

#ifndef COHORT_FAMILY_HELPER
#error "the build names the helper program"
#endif

namespace cohort::family {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // a sanitizer's shadow memory does not fit into a small address space
#else
constexpr bool kSanitized = false;
#endif

struct Result {
  int code = -1;  // exit status, or 256 + signal
  std::string output;
};

// Runs the helper (or `program`) in a child on which `prepare` ran after the fork.
Result run(
    std::vector<std::string> arguments, const std::function<void()>& prepare = [] {},
    std::vector<std::string> program = {}) {
  program.push_back(COHORT_FAMILY_HELPER);
  program.insert(program.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : program) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 1);
    ::alarm(50);
    prepare();
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  Result result;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    result.output.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  return result;
}

std::function<void()> limit(int resource, std::uint64_t bytes) {
  return [=] {
    rlimit value{bytes, bytes};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &value);
  };
}

bool has(const Result& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

TEST(ShmEnvironment, reserves_256_gib_where_nothing_limits_it) {
  Result result = run({"use"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation 274877906944 ")) << result.output;
  EXPECT_TRUE(has(result, "fallbacks 0")) << result.output;
}

TEST(ShmEnvironment, takes_a_smaller_reservation_under_a_limit_on_address_space) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory does not fit under RLIMIT_AS";
  Result result = run({"use"}, limit(RLIMIT_AS, 8192 * kMiB));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation 1073741824 ")) << result.output;
  result = run({"use"}, limit(RLIMIT_AS, 256 * kMiB));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation 67108864 ")) << result.output;
}

TEST(ShmEnvironment, names_the_limit_when_no_address_space_is_left) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory does not fit under RLIMIT_AS";
  Result result = run({"use"}, limit(RLIMIT_AS, 48 * kMiB));
  EXPECT_EQ(result.code, 22) << result.output;
  EXPECT_TRUE(has(result, "RLIMIT_AS")) << result.output;
}

TEST(ShmEnvironment, holds_large_control_blocks_in_a_small_reservation_and_names_it_and_the_limit_that_made_it) {
  Result result = run({"large"}, limit(RLIMIT_FSIZE, 128 * kMiB));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation of 64 MiB")) << result.output;
  EXPECT_TRUE(has(result, "RLIMIT_FSIZE (ulimit -f) of 128 MiB")) << result.output;
  if (kSanitized) return;  // a sanitizer's shadow memory does not fit under RLIMIT_AS
  result = run({"large"}, limit(RLIMIT_AS, 2048 * kMiB));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "RLIMIT_AS (ulimit -v) of 2048 MiB")) << result.output;
}

TEST(ShmEnvironment, a_child_that_cannot_hold_the_familys_reservation_is_told_so) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory does not fit under RLIMIT_AS";
  int fd = ::dup(Family::instance().fd());
  Result result = run({"adopt", std::to_string(fd)}, limit(RLIMIT_AS, 512 * kMiB));
  EXPECT_EQ(result.code, 22) << result.output;
  EXPECT_TRUE(has(result, "RLIMIT_AS")) << result.output;
  ::close(fd);
}

TEST(ShmEnvironment, takes_a_smaller_reservation_under_a_limit_on_file_size) {
  Result result = run({"use"}, limit(RLIMIT_FSIZE, 2048 * kMiB));
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation 1073741824 ")) << result.output;
}

TEST(ShmEnvironment, names_the_limit_instead_of_dying_when_files_may_not_be_large) {
  Result result = run({"use"}, limit(RLIMIT_FSIZE, 10 * kMiB));
  EXPECT_EQ(result.code, 22) << result.output;
  EXPECT_TRUE(has(result, "RLIMIT_FSIZE")) << result.output;
}

TEST(ShmEnvironment, takes_its_budget_from_the_environment) {
  Result result = run({"use"}, [] { ::setenv("COHORT_MEMORY_BUDGET", "96M", 1); });
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "budget 100663296 ")) << result.output;
  result = run({"use"}, [] { ::setenv("COHORT_MEMORY_BUDGET", "1M", 1); });
  EXPECT_EQ(result.code, 20) << result.output;
  for (const char* wrong : {"lots", "12Q", "-5", "0", "99999999999T", "1M2"}) {
    result = run({"use"}, [&] { ::setenv("COHORT_MEMORY_BUDGET", wrong, 1); });
    EXPECT_EQ(result.code, 23) << wrong << ": " << result.output;
  }
}

// ---- adopting --------------------------------------------------------------------------------------------------

TEST(ShmEnvironment, a_program_that_is_executed_adopts_the_family) {
  Family& family = Family::instance();
  (void)family.self();
  std::uint64_t blocks = family.statistics().blocks;
  int fd = ::dup(family.fd());
  Result result = run({"adopt", std::to_string(fd)});
  EXPECT_EQ(result.code, 0) << result.output;
  ::close(fd);
  family.sweep();
  EXPECT_EQ(family.statistics().members_live, 1U);
  EXPECT_EQ(family.statistics().blocks, blocks);
}

TEST(ShmEnvironment, the_family_is_closed_in_programs_that_are_none_of_ours) {
  Family& family = Family::instance();
  EXPECT_EQ(run({"is-open", std::to_string(family.fd())}).code, 0);
}

TEST(ShmEnvironment, refuses_descriptors_that_are_no_family_memory) {
  auto adopting = [](int fd) { return run({"adopt", std::to_string(fd)}, [=] { ::fcntl(fd, F_SETFD, 0); }); };
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(adopting(ends[0]).code, 21);
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  EXPECT_EQ(adopting(null).code, 21);
  int unsealed = ::memfd_create("unsealed", MFD_CLOEXEC);
  ASSERT_EQ(::ftruncate(unsealed, static_cast<off_t>(64 * kMiB)), 0);
  EXPECT_EQ(adopting(unsealed).code, 21);
  os::Fd empty = os::make_memory("empty", 64 * kMiB);
  EXPECT_EQ(adopting(empty.get()).code, 21);
  os::Fd small = os::make_memory("small", 4096);
  EXPECT_EQ(adopting(small.get()).code, 21);
  os::Fd other_version = os::make_memory("version", 64 * kMiB);
  HeaderConstants header = make_header(64 * kMiB, 1000);
  header.version = 999;
  ASSERT_EQ(::pwrite(other_version.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  Result result = adopting(other_version.get());
  EXPECT_EQ(result.code, 21);
  EXPECT_TRUE(has(result, "version") && has(result, "999")) << result.output;
  for (int fd : {ends[0], ends[1], null, unsealed}) ::close(fd);
}

TEST(ShmEnvironment, an_executed_program_is_not_stuck_behind_a_lock_of_its_former_self) {
  Family& family = Family::instance();
  (void)family.self();
  int fd = ::dup(family.fd());
  // As if another thread of the child had been in the allocator when it called exec().
  auto* header = reinterpret_cast<Header*>(family.address(family.places().members, 1) - family.places().members);
  Result result = run({"adopt", std::to_string(fd)},
                      [&] { header->memory_lock.word.store(LockGuard::word_of(os::process_identity_self())); });
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_STREQ(family.validate(), nullptr);
  ::close(fd);
}

TEST(ShmEnvironment, a_program_that_replaced_itself_inside_the_allocator_holds_nobody_up) {
  Family& family = Family::instance();
  MemberId self = family.self();
  auto* header = reinterpret_cast<Header*>(family.address(family.places().members, 1) - family.places().members);
  std::uint64_t takeovers = family.statistics().takeovers;
  int input[2], started[2];
  ASSERT_EQ(::pipe2(input, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(started, O_CLOEXEC), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    ::dup2(input[0], 0);
    header->memory_lock.word.store(LockGuard::word_of(os::process_identity_self()));
    ::execl(COHORT_FAMILY_HELPER, COHORT_FAMILY_HELPER, "wait", nullptr);
    ::_exit(127);
  }
  ::close(started[1]);
  char byte;
  ASSERT_EQ(::read(started[0], &byte, 1), 0) << "closed by exec()";
  family.free(family.allocate(100, self));
  EXPECT_EQ(family.statistics().takeovers, takeovers + 1);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "it lives on as another program";
  ::close(input[1]);
  ::waitpid(child, nullptr, 0);
  EXPECT_STREQ(family.validate(), nullptr);
  ::close(input[0]);
  ::close(started[0]);
}

TEST(ShmEnvironment, refuses_members_from_another_pid_namespace) {
  int fd = ::dup(Family::instance().fd());
  Result result = run({"adopt", std::to_string(fd)}, [] {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(77);
    pid_t inner = ::fork();
    if (inner == 0) return;  // goes on to exec, inside
    int status = 0;
    ::waitpid(inner, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  });
  ::close(fd);
  if (result.code == 77) GTEST_SKIP() << "this user may not make a pid namespace";
  EXPECT_EQ(result.code, 21) << result.output;
  EXPECT_TRUE(has(result, "pid namespace")) << result.output;
}

// ---- tools and filters -----------------------------------------------------------------------------------------

TEST(ShmEnvironment, works_under_valgrind) {
  if (std::system("valgrind --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "valgrind is not installed";
  if (kSanitized) GTEST_SKIP() << "valgrind does not run sanitized programs";
  Result result = run({"use"}, [] {}, {"valgrind", "-q", "--error-exitcode=9", "--leak-check=full"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "reservation ")) << result.output;
}

TEST(ShmEnvironment, notices_death_without_pidfds) {
  for (int error : {EPERM, ENOSYS}) {
    Result result = run({"seccomp", std::to_string(error)});
    if (result.code == 77) GTEST_SKIP() << result.output;
    EXPECT_EQ(result.code, 0) << std::strerror(error) << ": " << result.output;
  }
}

// ---- the user's own ways to fork and end ------------------------------------------------------------------------

TEST(ShmEnvironment, a_daemon_joins_as_a_new_member) {
  Result result = run({"daemon"});
  EXPECT_EQ(result.code, 0) << result.output;
}

TEST(ShmEnvironment, a_static_destructor_that_comes_too_late_is_refused) {
  Result result = run({"late"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(has(result, "refused")) << result.output;
  EXPECT_FALSE(has(result, "not refused")) << result.output;
}

// One page of a block of 1 GiB; what `end` then does to the process must not allocate the rest.
std::uint64_t growth_when(const std::function<void(Family&)>& end, int& status) {
  Family& family = Family::instance();
  (void)family.self();
  std::uint64_t before = os::memory_resident(family.fd());
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    Offset block = family.allocate(std::size_t{1} << 30, family.self());
    std::memset(family.address(block, 4096), 1, 4096);
    end(family);
    ::_exit(0);
  }
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  std::uint64_t after = os::memory_resident(family.fd());
  family.sweep();
  return after - before;
}

TEST(ShmEnvironment, a_core_dump_allocates_next_to_nothing) {
  std::filesystem::path place = std::filesystem::temp_directory_path() / ("cohort-core-" + std::to_string(::getpid()));
  std::filesystem::create_directory(place);
  int status = 0;
  std::uint64_t growth = growth_when(
      [&](Family&) {
        rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_CORE, &unlimited) != 0) ::_exit(77);
        if (::chdir(place.c_str()) != 0) ::_exit(1);
        // Of a sanitizer's process only the shared memory: its shadow, which is private, takes minutes to write.
        if (kSanitized) std::ofstream("/proc/self/coredump_filter") << "0x0a";
        ::signal(SIGABRT, SIG_DFL);
        ::abort();
      },
      status);
  std::uint64_t core_size = 0;
  for (const auto& file : std::filesystem::directory_iterator(place))
    if (file.is_regular_file()) core_size += std::filesystem::file_size(file);
  std::filesystem::remove_all(place);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "this user may not write cores";
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  RecordProperty("core_dumped", WCOREDUMP(status) ? 1 : 0);
  EXPECT_LT(growth, 4 * kMiB);
  if (!kSanitized) { EXPECT_LT(core_size, 256 * kMiB); }
}

TEST(ShmEnvironment, locking_all_memory_allocates_no_more_than_what_is_mapped) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory cannot be locked";
  int status = 0;
  std::uint64_t growth = growth_when(
      [](Family& family) {
        if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) ::_exit(77);
        // Work goes on: new windows are locked as they are mapped.
        for (std::size_t size : {100U, 5000U, 300000U}) {
          Offset block = family.allocate(size, family.self());
          std::memset(family.address(block, size), 1, size);
        }
      },
      status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "this user may not lock memory";
  ASSERT_EQ(status, 0);
  EXPECT_LT(growth, 16 * kMiB);
}

TEST(ShmEnvironment, a_member_whose_main_thread_has_ended_is_alive_until_its_last_thread_ends) {
  Family& family = Family::instance();
  MemberId self = family.self();
  MemberId reserved = family.reserve_member(self);
  int go[2], ready[2];
  ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    family.become(reserved);
    std::thread([&] {
      // Until the main thread shows as ended.
      std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/stat";
      char text[512] = {};
      while (std::strstr(text, ") Z ") == nullptr) {
        int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) break;
        (void)!::read(fd, text, sizeof text - 1);
        ::close(fd);
      }
      Offset block = family.allocate(100, family.self());
      (void)!::write(ready[1], &block, sizeof block);
      char byte;
      (void)!::read(go[0], &byte, 1);
      ::_exit(0);
    }).detach();
    ::syscall(SYS_exit, 0);  // pthread_exit's last act
  }
  Offset block = 0;
  ASSERT_EQ(::read(ready[0], &block, sizeof block), static_cast<ssize_t>(sizeof block));
  EXPECT_TRUE(family.is_alive(reserved));
  EXPECT_FALSE(family.member_died(reserved));
  EXPECT_EQ(family.owner(block), reserved);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(family.member_died(reserved));
  EXPECT_FALSE(family.set_owner(block, reserved, self));
  family.release_member(reserved);
  for (int fd : {go[0], go[1], ready[0], ready[1]}) ::close(fd);
}

}  // namespace
}  // namespace cohort::family
