// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Standard streams as Popen's user sees them: inherited, shared, closed and crossed; and which descriptors get through.
// The descriptors themselves are permuted exhaustively in tests/unit/os/spawn_fds_test.cpp.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/run.hpp"
#include "os/spawn.hpp"
#include "unit/subprocess/forked_copy.hpp"
#include "unit/subprocess/temporary.hpp"

namespace cohort::subprocess {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A file without a name, and what is in it.
class Scratch {
 public:
  explicit Scratch(std::string_view content = {}) {
    std::string name = (fs::temp_directory_path() / "cohort-test-XXXXXX").string();
    fd_ = mkostemp(name.data(), O_CLOEXEC);
    unlink(name.c_str());
    if (write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size())) fd_ = -1;
    lseek(fd_, 0, SEEK_SET);
  }
  ~Scratch() { close(fd_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string content() const {
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, pread(fd_, text.data(), text.size(), 0))));
    return text;
  }

 private:
  int fd_;
};

// The descriptors that a program has, by its own look.
std::set<int> descriptors_of(const Options& given) {
  Options options = given;
  options.out = PIPE;
  // The directory that ls itself reads is not there any more when its name is looked at.
  std::istringstream list(
      run({"sh", "-c", "for n in $(ls /proc/$$/fd); do [ -e /proc/$$/fd/$n ] && echo $n; done"}, options).out);
  std::set<int> found;
  for (int fd; list >> fd;) found.insert(fd);
  return found;
}

std::set<int> common(const std::set<int>& a, const std::set<int>& b) {
  std::set<int> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

TEST(Streams, are_the_parents_when_nothing_is_said) {
  Scratch out;
  EXPECT_EQ(in_forked_copy([&]() -> std::string {
              dup2(out.fd(), 1);
              Popen p({"echo", "inherited"}, {.in = PIPE, .err = PIPE});
              if (!p.out().closed()) return "there is a stream to read";
              return p.wait() == 0 ? "" : "it failed";
            }),
            "");
  EXPECT_EQ(out.content(), "inherited\n");
}

TEST(Streams, may_be_the_parents_by_number) {
  Scratch out;
  EXPECT_EQ(in_forked_copy([&]() -> std::string {
              dup2(out.fd(), 1);
              return call({"echo", "to 1"}, {.out = 1}) == 0 ? "" : "it failed";
            }),
            "");
  EXPECT_EQ(out.content(), "to 1\n");
}

TEST(Streams, may_share_one_descriptor) {
  Scratch both;
  EXPECT_EQ(call({"sh", "-c", "printf apple; printf orange >&2"}, {.out = both.fd(), .err = both.fd()}), 0);
  EXPECT_EQ(both.content(), "appleorange");
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  EXPECT_EQ(call({"sh", "-c", "read x; echo x"}, {.in = null, .out = null}), 0);
  EXPECT_EQ(call({"sh", "-c", "echo x; echo y >&2"}, {.out = null, .err = null}), 0);
  EXPECT_EQ(call({"sh", "-c", "read x; echo y >&2; [ -z \"$x\" ]"}, {.in = null, .err = null}), 0);
  close(null);
}

TEST(Streams, to_nothing_take_any_amount) {
  EXPECT_EQ(call({"sh", "-c", "yes | head -c 10000000"}, {.out = DEVNULL}), 0);
  EXPECT_EQ(call({"sh", "-c", "yes | head -c 10000000 >&2"}, {.err = DEVNULL}), 0);
  Popen p({"cat"}, {.in = DEVNULL, .out = DEVNULL, .err = DEVNULL});
  EXPECT_EQ(p.wait(), 0);
  EXPECT_TRUE(p.in().closed() && p.out().closed() && p.err().closed());
}

// Pipes take the lowest free numbers, which may be those of the standard streams.
TEST(Streams, work_with_every_set_of_closed_standard_descriptors) {
  for (unsigned forced : {os::force_none, os::force_no_shared_memory}) {
    os::force_spawn_fallbacks(forced);
    for (int closed = 0; closed < 8; ++closed) {
      EXPECT_EQ(in_forked_copy([&]() -> std::string {
                  for (int fd = 0; fd < 3; ++fd) {
                    if ((closed >> fd & 1) != 0) close(fd);
                  }
                  Popen p({"sh", "-c", "cat; printf apple; printf orange >&2"}, {.in = PIPE, .out = PIPE, .err = PIPE});
                  Communicated got = p.communicate("pear ", 60s);
                  if (got.out != "pear apple" || got.err != "orange") return got.out + "|" + got.err;
                  if (run({"echo", "x"}, {.out = PIPE}).out != "x\n") return "one pipe";
                  if (run({"sh", "-c", "echo y >&2"}, {.in = DEVNULL, .err = PIPE}).err != "y\n") return "two";
                  if (call({"true"}) != 0) return "none";
                  try {
                    Popen none({"/no/such"}, {.in = PIPE, .out = PIPE, .err = PIPE});
                    return "it started";
                  } catch (const SpawnError& error) {
                    if (error.code() != std::errc::no_such_file_or_directory) return error.what();
                  }
                  std::string complaint;
                  for (int fd = 0; fd < 3; ++fd) {
                    bool open = fcntl(fd, F_GETFD) >= 0;
                    if (open == ((closed >> fd & 1) != 0)) complaint += std::to_string(fd) + " has changed here; ";
                  }
                  return complaint;
                }),
                "")
          << "closed: mask " << closed << ", forced " << forced;
    }
  }
  os::force_spawn_fallbacks(os::force_none);
}

// What a program that reads all and writes to both gets and gives when its streams are ours, crossed.
std::string crossed(int in, int out, int err) {
  std::array<Scratch, 3> files;
  return in_forked_copy([&]() -> std::string {
    for (int fd = 0; fd < 3; ++fd) dup2(files[static_cast<std::size_t>(fd)].fd(), fd);
    if (write(in, "STDIN", 5) != 5) return "cannot write";
    lseek(in, 0, SEEK_SET);
    if (call({"sh", "-c", "printf 'got %s' \"$(cat)\"; printf err >&2"}, {.in = in, .out = out, .err = err}) != 0) {
      return "it failed";
    }
    auto content = [&](int fd) { return files[static_cast<std::size_t>(fd)].content(); };
    return content(in) == "STDIN" && content(out) == "got STDIN" && content(err) == "err" ? "" : "mixed up";
  });
}

TEST(Streams, may_be_crossed_in_every_order) {
  std::array<int, 3> order{0, 1, 2};
  do {
    EXPECT_EQ(crossed(order[0], order[1], order[2]), "") << order[0] << order[1] << order[2];
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Streams, may_come_from_other_descriptors_in_the_wrong_order) {
  std::array<Scratch, 3> files;
  EXPECT_EQ(in_forked_copy([&]() -> std::string {
              for (int fd = 0; fd < 3; ++fd) dup2(files[static_cast<std::size_t>(fd)].fd(), fd);
              if (write(files[1].fd(), "STDIN", 5) != 5) return "cannot write";
              lseek(files[1].fd(), 0, SEEK_SET);
              int code = call({"sh", "-c", "printf 'got %s' \"$(cat)\"; printf err >&2"},
                              {.in = files[1].fd(), .out = files[2].fd(), .err = files[0].fd()});
              return code == 0 ? "" : "it failed";
            }),
            "");
  EXPECT_EQ(files[2].content(), "got STDIN");
  EXPECT_EQ(files[0].content(), "err");
}

// Two of the three are files, the third is closed; each pair goes to each pair of the program's streams.
TEST(Streams, may_be_crossed_with_one_closed) {
  for (int closed = 0; closed < 3; ++closed) {
    std::array<int, 2> from{closed == 0 ? 1 : 0, closed == 2 ? 1 : 2};
    for (int code = 0; code < 9; ++code) {
      std::array<int, 2> to{code % 3, code / 3};
      if (to[0] == to[1]) continue;
      std::array<Scratch, 2> files;
      std::string complaint = in_forked_copy([&]() -> std::string {
        dup2(files[0].fd(), from[0]);
        dup2(files[1].fd(), from[1]);
        close(closed);
        Options options;
        for (std::size_t i = 0; i < 2; ++i) {
          Redirect& stream = to[i] == 0 ? options.in : to[i] == 1 ? options.out : options.err;
          stream = from[i];
        }
        std::string script;
        for (int fd : to) script += "printf " + std::to_string(fd) + " >&" + std::to_string(fd) + ";";
        return call({"sh", "-c", script}, options) == 0 ? "" : "it failed";
      });
      EXPECT_EQ(complaint, "");
      for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(files[i].content(), std::to_string(to[i])) << "closed " << closed << ", from " << from[i];
      }
    }
  }
}

TEST(Streams, without_a_buffer_leave_in_the_pipe_what_nobody_asked_for) {
  Popen p({"printf", "apple\\npie"}, {.out = PIPE, .bufsize = 0});
  p.wait();
  EXPECT_EQ(p.out().read(4), "appl");
  pollfd item{p.out().fileno(), POLLIN, 0};
  EXPECT_EQ(poll(&item, 1, 0), 1);
  EXPECT_NE(item.revents & POLLIN, 0);
  EXPECT_EQ(p.out().read_line(), "e");
  char rest[8];
  EXPECT_EQ(read(p.out().fileno(), rest, sizeof rest), 3);
  // With the buffer of 8 KiB all is here after the first call.
  Popen buffered({"printf", "apple\\npie"}, {.out = PIPE});
  buffered.wait();
  EXPECT_EQ(buffered.out().read(4), "appl");
  pollfd other{buffered.out().fileno(), POLLIN, 0};
  poll(&other, 1, 0);
  EXPECT_EQ(other.revents & POLLIN, 0);
  EXPECT_EQ(buffered.out().read_all(), "e\npie");
}

TEST(Streams, have_pipes_of_the_systems_size_unless_told_otherwise) {
  int plain[2];
  ASSERT_EQ(pipe2(plain, O_CLOEXEC), 0);
  int size = fcntl(plain[0], F_GETPIPE_SZ);
  close(plain[0]);
  close(plain[1]);
  for (int wanted : {0, size / 2}) {
    Popen p({"cat"}, {.in = PIPE, .out = PIPE, .err = PIPE, .pipesize = static_cast<std::size_t>(wanted)});
    for (int fd : {p.in().fileno(), p.out().fileno(), p.err().fileno()}) {
      EXPECT_EQ(fcntl(fd, F_GETPIPE_SZ), wanted == 0 ? size : wanted);
    }
    p.communicate();
  }
}

TEST(Streams, of_one_program_never_reach_another) {
  Popen first({"cat"}, {.in = PIPE, .out = PIPE, .err = PIPE, .close_fds = false});
  std::set<int> pipes{first.in().fileno(), first.out().fileno(), first.err().fileno()};
  EXPECT_EQ(common(descriptors_of({.close_fds = false}), pipes), std::set<int>{});
  // So closing our end is enough for the end of file, and two may be chained by hand.
  Popen second({"grep", "zxcvbn"}, {.in = first.out().fileno(), .out = PIPE, .close_fds = false});
  first.out().close();
  first.in().write("a\nzxcvbnzxcvbn\n");
  first.in().close();
  EXPECT_EQ(second.out().read_all(60s), "zxcvbnzxcvbn\n");
  EXPECT_EQ(second.wait(60s), 0);
  EXPECT_EQ(first.wait(60s), 0);
}

// Descriptors that a program would inherit.
struct Inheritable {
  std::set<int> fds;
  explicit Inheritable(int count) {
    while (count-- > 0) fds.insert(open("/dev/null", O_RDWR));
  }
  ~Inheritable() {
    for (int fd : fds) close(fd);
  }
};

TEST(Descriptors, are_closed_but_for_those_that_are_passed) {
  Inheritable some(11);
  EXPECT_EQ(common(descriptors_of({.close_fds = false}), some.fds), some.fds);
  EXPECT_EQ(descriptors_of({}), (std::set<int>{0, 1, 2}));
  std::vector<int> kept(some.fds.begin(), std::next(some.fds.begin(), 8));
  EXPECT_EQ(common(descriptors_of({.pass_fds = kept}), some.fds), std::set<int>(kept.begin(), kept.end()));
  for (int fd : some.fds) EXPECT_EQ(descriptors_of({.pass_fds = {fd}}), (std::set<int>{0, 1, 2, fd}));
}

TEST(Descriptors, that_are_passed_are_open_whatever_their_flag_and_keep_it_here) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  for (bool close_fds : {true, false}) {
    std::set<int> both{ends[0], ends[1]};
    Options options{.pass_fds = {ends[1], ends[0], ends[1]}, .close_fds = close_fds};  // naming one twice is no error
    EXPECT_EQ(common(descriptors_of(options), both), both) << close_fds;
    EXPECT_EQ(fcntl(ends[0], F_GETFD), 0);
    EXPECT_EQ(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(Descriptors, that_are_redirected_are_passed_as_well) {
  int a = open("/dev/null", O_RDWR | O_CLOEXEC);
  int c = open("/dev/null", O_RDWR | O_CLOEXEC);
  Scratch b;
  Popen p({"sh", "-c", "for n in $(ls /proc/$$/fd); do [ -e /proc/$$/fd/$n ] && echo $n; done; :"},
          {.in = a, .out = b.fd(), .err = c, .pass_fds = {a, b.fd(), c}});
  EXPECT_EQ(p.wait(60s), 0);
  std::istringstream list(b.content());
  std::set<int> found;
  for (int fd; list >> fd;) found.insert(fd);
  EXPECT_EQ(found, (std::set<int>{0, 1, 2, a, b.fd(), c}));
  close(a);
  close(c);
}

TEST(Descriptors, above_a_lowered_limit_are_closed_too) {
  for (unsigned forced : {os::force_none, os::force_no_close_range}) {
    EXPECT_EQ(in_forked_copy([&]() -> std::string {
                os::force_spawn_fallbacks(forced);
                Inheritable many(40);
                int highest = *many.fds.rbegin();
                for (int i = 0; i < 14; ++i) {
                  close(*many.fds.begin());
                  many.fds.erase(many.fds.begin());
                }
                rlimit limit{};
                getrlimit(RLIMIT_NOFILE, &limit);
                limit.rlim_cur = static_cast<rlim_t>(highest - 10);
                if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return "no limit";
                std::set<int> left = common(descriptors_of({}), many.fds);
                return left.empty() ? "" : "left open: " + std::to_string(left.size());
              }),
              "")
        << forced;
  }
}

TEST(Descriptors, that_are_few_suffice_for_any_number_of_programs) {
  EXPECT_EQ(in_forked_copy([&]() -> std::string {
              std::vector<int> all;
              rlimit limit{};
              getrlimit(RLIMIT_NOFILE, &limit);
              limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, 1024);
              setrlimit(RLIMIT_NOFILE, &limit);
              for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) all.push_back(fd);
              for (int i = 0; i < 10; ++i) {
                close(all.back());
                all.pop_back();
              }
              for (int i = 0; i < 15; ++i) {
                Popen p({"cat"}, {.in = PIPE, .out = PIPE, .err = PIPE});
                if (p.communicate("lime", 60s).out != "lime") return "wrong output";
              }
              // Without any, the error says so, and nothing is lost.
              while (all.size() < 100'000) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
                if (fd < 0) break;
                all.push_back(fd);
              }
              try {
                Popen p({"cat"}, {.in = PIPE});
                return "it started";
              } catch (const std::system_error& error) {
                // UndefinedBehaviorSanitizer looks at the object's type, by way of a pipe.
                for (int fd : all) close(fd);
                if (error.code().value() != EMFILE) return error.what();
              }
              return "";
            }),
            "");
}

}  // namespace
}  // namespace cohort::subprocess
