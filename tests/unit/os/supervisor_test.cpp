// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The supervisor as the program that it is: started by hand, with a socket and words.
#include "os/linux/supervisor/protocol.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "os/fd.hpp"

extern "C" {
extern const char cohort_supervisor_image[];
extern const char cohort_supervisor_image_end[];
}

namespace cohort::os {
namespace {

using supervisor::Kind;
using supervisor::Message;
using supervisor::Step;

class Supervisor {
 public:
  explicit Supervisor(const std::string& file, const std::vector<std::string>& words, int flags = 0) {
    Fd image(::memfd_create("supervisor", MFD_CLOEXEC));
    const auto size = static_cast<std::size_t>(cohort_supervisor_image_end - cohort_supervisor_image);
    write_full(image.get(), std::as_bytes(std::span(cohort_supervisor_image, size)));
    auto [ours, theirs] = make_packet_pair();
    set_close_on_exec(theirs.get(), false);
    std::vector<std::string> all{"supervisor", std::to_string(theirs.get()), std::to_string(flags)};
    all.insert(all.end(), {"0", "0", "1", file});
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (auto& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::fexecve(image.get(), argv.data(), environ);
      ::_exit(126);
    }
    control = std::move(ours);
  }
  ~Supervisor() {
    control.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  Message hear() const {
    Message message{};
    EXPECT_EQ(::recv(control.get(), &message, sizeof message, 0), static_cast<ssize_t>(sizeof message));
    return message;
  }
  void tell(Kind kind, int value = 0) const {
    Message message{};
    message.kind = kind;
    message.value = value;
    EXPECT_EQ(::send(control.get(), &message, sizeof message, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof message));
  }

  Fd control;

 private:
  pid_t pid_ = -1;
};

TEST(Supervisor, tells_the_programs_number_and_then_its_end) {
  Supervisor supervisor("/bin/sh", {"sh", "-c", "exit 7"});
  const Message started = supervisor.hear();
  EXPECT_EQ(started.kind, Kind::started);
  EXPECT_GT(started.value, 0);
  const Message ended = supervisor.hear();
  EXPECT_EQ(ended.kind, Kind::ended);
  EXPECT_EQ(ended.value, 7 << 8);
}

TEST(Supervisor, tells_which_call_failed) {
  Supervisor supervisor("/no/such/program", {"program"});
  const Message failed = supervisor.hear();
  EXPECT_EQ(failed.kind, Kind::failed);
  EXPECT_EQ(failed.value, ENOENT);
  EXPECT_EQ(failed.step, Step::execve);
}

TEST(Supervisor, ends_orphans_of_the_program_with_it) {
  auto [read_end, write_end] = make_pipe();
  set_close_on_exec(write_end.get(), false);
  Supervisor supervisor("/bin/sh", {"sh", "-c", "setsid sleep 1000 & exit 0"});
  write_end.reset();
  EXPECT_EQ(supervisor.hear().kind, Kind::started);
  EXPECT_EQ(supervisor.hear().kind, Kind::ended);
  std::byte byte;
  EXPECT_EQ(read_full(read_end.get(), std::span(&byte, 1)), 0u) << "nobody holds the pipe";
}

TEST(Supervisor, signals_the_program_or_the_group_that_it_leads) {
  Supervisor one("/bin/sh", {"sh", "-c", "exec sleep 1000"});
  EXPECT_EQ(one.hear().kind, Kind::started);
  one.tell(Kind::signal, SIGINT);
  EXPECT_EQ(one.hear().value, SIGINT);
  Supervisor group("/bin/sh", {"sh", "-c", "sleep 1000"}, supervisor::kProcessGroup);
  const pid_t leader = group.hear().value;
  EXPECT_EQ(::getpgid(leader), leader);
  group.tell(Kind::signal_group, SIGTERM);
  EXPECT_EQ(group.hear().value, SIGTERM);
}

}  // namespace
}  // namespace cohort::os
