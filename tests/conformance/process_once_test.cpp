// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// start() returns once, in the process that called it, whatever the child lacks and whatever happens in it: a child is
// never a second copy of the program.

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>
#include <iostream>
#include <memory>

#include "base/sanitizers.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"

namespace cohort::test {
namespace {

class OneReturn : public EachMethod {
 protected:
  // A program of its own, in which `body` runs once; each process that comes out of `body` notes itself in a file.
  int run_program(const std::function<int()>& body) {
    std::string came_out = scratch / "came_out";
    pid_t root = ::fork();
    if (root == 0) {
      set_start_method(GetParam(), true);
      int code = 99;
      try {
        code = body();
      } catch (const std::exception& e) { std::fprintf(stderr, "root: %s\n", e.what()); } catch (...) {
      }
      say(came_out, std::to_string(::getpid()));
      ::_exit(code);
    }
    int status = -1;
    Deadline limit = patience();
    while (::waitpid(root, &status, WNOHANG) == 0 && !limit.expired()) ::usleep(2000);
    if (!WIFEXITED(status)) ::kill(root, SIGKILL);
    EXPECT_EQ(lines_of(file_text(came_out)), std::vector<std::string>{std::to_string(root)});
    std::filesystem::remove(came_out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};
COHORT_FOR_EACH_METHOD(OneReturn);

// 0: started and ended with 0; 1: refused by the system, and told so by a SpawnError; 2: anything else.
int outcome_of_start() {
  Process p([] {});
  try {
    p.start();
  } catch (const SpawnError& e) {
    if (e.operation().empty()) return 2;
    return e.code() == std::errc::resource_unavailable_try_again || e.code() == std::errc::too_many_files_open ? 1 : 2;
  } catch (const OsError&) { return 2; } catch (const BootstrapError&) {
    return 1;
  }
  if (!p.join(patience())) return 2;
  return p.exitcode() == 0 || p.exitcode() == 70 ? 0 : 2;
}

TEST_P(OneReturn, throws_in_the_parent_when_the_child_may_not_have_a_thread) {
  if (kThreadSanitizer) GTEST_SKIP() << "each process has a thread of the sanitizer's beside its own";
  if (::getuid() != 0) GTEST_SKIP() << "needs a user of its own, to whom the limit applies";
  if (GetParam() != StartMethod::fork) GTEST_SKIP() << "the child is executed anew, and ends with 70";
  for (rlim_t most : {1, 2, 3}) {
    EXPECT_EQ(run_program([most] {
                if (::setgid(61187) != 0 || ::setuid(61187) != 0) return 98;
                (void)family::Family::instance();
                rlimit limit{most, most};
                ::setrlimit(RLIMIT_NPROC, &limit);
                return outcome_of_start();
              }),
              most < 3 ? 1 : 0)
        << "processes and threads: " << most;
  }
}

TEST_P(OneReturn, says_what_the_child_lacked) {
  if (kThreadSanitizer) GTEST_SKIP() << "each process has a thread of the sanitizer's beside its own";
  if (::getuid() != 0) GTEST_SKIP() << "needs a user of its own, to whom the limit applies";
  if (!shares_image()) GTEST_SKIP() << "as above";
  EXPECT_EQ(run_program([] {
              if (::setgid(61188) != 0 || ::setuid(61188) != 0) return 98;
              (void)family::Family::instance();
              rlimit limit{2, 2};
              ::setrlimit(RLIMIT_NPROC, &limit);
              Process p([] {});
              try {
                p.start();
              } catch (const SpawnError& e) {
                return e.operation() == "clone" && e.subject().find("watches its parent") != std::string::npos ? 0 : 3;
              }
              return 4;
            }),
            0);
}

TEST_P(OneReturn, returns_in_the_parent_only_with_any_number_of_descriptors_left) {
  EXPECT_EQ(run_program([] {
              Process first([] {});
              first.start();
              first.join();
              rlimit limit{64, 64};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              for (int spare = 0; spare < 16; ++spare) {
                std::vector<int> fds;
                for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) fds.push_back(fd);
                for (int i = 0; i < spare && !fds.empty(); ++i) {
                  ::close(fds.back());
                  fds.pop_back();
                }
                int outcome = outcome_of_start();
                for (int fd : fds) ::close(fd);
                if (outcome == 2) return 10 + spare;
                if (spare == 15 && outcome != 0) return 9;
              }
              return 0;
            }),
            0);
}

// ---- exceptions in the child, in what is not the function -----------------------------------------------------------

TEST_P(OneReturn, is_not_left_by_an_exception_of_a_log_sink_in_the_child) {
  EXPECT_EQ(run_program([] {
              get_logger().set_sink([root = ::getpid()](LogLevel, std::string_view) {
                if (::getpid() != root) throw std::runtime_error("no log here");
              });
              get_logger().set_level(LogLevel::info);
              Process p([] {});
              p.start();
              p.join();
              return p.exitcode() ? 0 : 1;
            }),
            0);
}

TEST_P(OneReturn, is_not_left_by_an_exception_of_an_after_fork_function) {
  EXPECT_EQ(run_program([] {
              register_after_fork([] { throw std::runtime_error("after fork"); });
              Process p([] {});
              p.start();
              p.join();
              return p.exitcode() == (p.start_method() == StartMethod::fork ? 1 : 0) ? 0 : 1;
            }),
            0);
}

TEST_P(OneReturn, is_not_left_by_an_exception_that_is_no_std_exception) {
  EXPECT_EQ(run_program([] {
              Process p([] { throw 7; });
              p.start();
              p.join();
              return p.exitcode() == 1 ? 0 : 1;
            }),
            0);
}

// The frames above start() are the parent's: the child must not run their destructors either.
TEST_P(OneReturn, is_not_unwound_by_the_end_of_the_childs_only_thread) {
  if (kThreadSanitizer) GTEST_SKIP() << "each process has a thread of the sanitizer's beside its own";
  std::string unwound = scratch / "unwound";
  EXPECT_EQ(run_program([&] {
              struct Guard {
                const std::string& path;
                pid_t root;
                ~Guard() {
                  if (::getpid() != root) say(path, "in the child");
                }
              } guard{unwound, ::getpid()};
              Process p([] { ::pthread_exit(nullptr); });
              p.start();
              if (!p.join(patience())) return 1;
              return p.exitcode() == 0 ? 0 : 2;
            }),
            0);
  EXPECT_EQ(file_text(unwound), "");
}

// A copy that the function makes of its process and lets return is not the process: it ends, and says nothing for it.
TEST_P(OneReturn, is_not_confused_by_a_copy_of_the_child_that_returns) {
  EXPECT_EQ(run_program([] {
              Process p([] {
                pid_t copy = ::fork();
                if (copy == 0) throw SystemExit(9);
                int status = 0;
                ::waitpid(copy, &status, 0);
                throw SystemExit(WEXITSTATUS(status) == 9 ? 4 : 5);
              });
              p.start();
              if (!p.join(patience())) return 1;
              return p.exitcode() == 4 ? 0 : 2;
            }),
            0);
}

// ---- descriptors that a child closes --------------------------------------------------------------------------------

TEST_P(OneReturn, of_children_that_close_every_descriptor_they_do_not_know_is_no_cause_for_their_death) {
  for (int i = 0; i < 20; ++i) {
    Process p = started([] {
      ::closefrom(3);
      ::usleep(20'000);
    });
    ASSERT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0) << i;
  }
}

// Other files on the numbers of ours, readable for ever: nothing is taken for the parent's end, and the parent's end is
// still seen.
TEST_P(OneReturn, of_children_that_use_our_numbers_for_files_keeps_the_bond) {
  Line said(scratch / "said");
  pid_t root = ::fork();
  if (root == 0) {
    set_start_method(GetParam(), true);
    Process p(
        [](const std::string& to) {
          ::closefrom(3);
          for (int fd; (fd = ::open("/dev/zero", O_RDONLY | O_CLOEXEC)) >= 0 && fd < 40;) {}
          ::usleep(150'000);
          say(to, std::to_string(::getpid()));
          while (true) ::pause();
        },
        said.path());
    p.start();
    p.join();
    ::_exit(1);
  }
  pid_t child = std::atoi(said.next().c_str());
  ASSERT_GT(child, 0);
  EXPECT_EQ(::kill(child, 0), 0);
  ::kill(root, SIGKILL);
  ::waitpid(root, nullptr, 0);
  EXPECT_TRUE(eventually([&] {
    auto stat = file_text("/proc/" + std::to_string(child) + "/stat");
    auto at = stat.rfind(") ");
    return at == std::string::npos || stat[at + 2] == 'Z';
  }));
}

}  // namespace
}  // namespace cohort::test
