// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Connections over descriptors as arguments of a Process.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cohort/connection.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

using Blob = std::vector<std::byte>;

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::pair<Connection, Connection> socket_pipe(bool duplex = true) {
  return Pipe({.duplex = duplex, .transport = Transport::socket});
}

struct TravelConformance : EachMethod {
  void SetUp() override {
    EachMethod::SetUp();
    // Whatever the first start of this method leaves open for the next ones, and the first one that finds a fork
    // server.
    for (int i = 0; i < 2; ++i) {
      Process p = finished(+[] {});
      EXPECT_EQ(p.exitcode(), 0);
    }
  }
};
COHORT_FOR_EACH_METHOD(TravelConformance);

void answer(Connection connection) {
  while (true) {
    int number = connection.recv<int>();
    if (number == 0) return;
    connection.send(2 * number);
    connection.send_bytes(Blob(static_cast<std::size_t>(number), std::byte{7}));
  }
}

TEST_P(TravelConformance, a_child_answers_through_a_socket) {
  int before = open_descriptors();
  {
    auto [here, there] = socket_pipe();
    {
      Process p = started(answer, there);
      EXPECT_FALSE(there.closed()) << "the user closes it";
      there.close();
      for (int number : {1, 70'000, 300'000}) {
        here.send(number);
        EXPECT_EQ(here.recv<int>(patience()), 2 * number);
        EXPECT_EQ(here.recv_bytes({}, patience()), Blob(static_cast<std::size_t>(number), std::byte{7}));
      }
      here.send(0);
      EXPECT_TRUE(p.join(patience()));
      EXPECT_EQ(p.exitcode(), 0);
    }
    EXPECT_THROW((void)here.recv<int>(patience()), EndOfFile);
  }
  EXPECT_EQ(open_descriptors(), before);
}

void pass_on(Connection from, Connection to) {
  if (!from.readable() || from.writable() || to.readable() || !to.writable()) std::abort();
  to.send_bytes(from.recv_bytes());
}

TEST_P(TravelConformance, ends_that_go_one_way_stay_so) {
  auto [r, w] = socket_pipe(false);
  auto [back, answer_end] = socket_pipe(false);
  Process p = started(pass_on, r, answer_end);
  answer_end.close();
  w.send_bytes(Blob(3));
  EXPECT_EQ(back.recv_bytes({}, patience()), Blob(3));
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

struct Job {
  std::string name;
  std::vector<Connection> outputs;
  std::optional<std::pair<int, Connection>> memory;
  void run() {
    for (Connection& output : outputs) output.send(name);
    memory->second.send(memory->first);
  }
};

TEST_P(TravelConformance, connections_travel_within_containers_and_aggregates) {
  int before = open_descriptors();
  {
    std::vector<Connection> readers;
    auto [m, n] = Pipe();
    Job job{"build", {}, std::pair(7, n)};
    for (int i = 0; i < 3; ++i) {
      auto [r, w] = socket_pipe(i % 2 == 0);
      readers.push_back(r);
      job.outputs.push_back(w);
    }
    Process p = started(std::move(job));
    for (auto& reader : readers) EXPECT_EQ(reader.recv<std::string>(patience()), "build");
    EXPECT_EQ(m.recv<int>(patience()), 7);
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0);
    // Only the arguments had the other ends here, and they are gone since the start.
    for (auto& reader : readers) EXPECT_THROW((void)reader.recv<std::string>(patience()), EndOfFile);
  }
  EXPECT_EQ(open_descriptors(), before);
}

void count_descriptors(Connection report, std::vector<Connection> others) {
  int flags = 0;
  for (auto& other : others) flags |= ~::fcntl(other.fileno(), F_GETFD) & FD_CLOEXEC;
  report.send(std::pair(open_descriptors(), flags));
}

TEST_P(TravelConformance, a_child_has_just_these_descriptors_more_and_they_are_close_on_exec) {
  auto [here, there] = Pipe();
  auto [a, b] = socket_pipe();
  auto [c, d] = socket_pipe();
  int counts[3];
  for (std::size_t n : {0UL, 1UL, 2UL}) {
    std::vector<Connection> ends{a, d};
    ends.resize(n, Connection(null_handle));
    Process p = started(count_descriptors, there, ends);
    auto [count, not_close_on_exec] = here.recv<std::pair<int, int>>(patience());
    counts[n] = count;
    EXPECT_EQ(not_close_on_exec, 0);
    EXPECT_TRUE(p.join(patience()));
  }
  if (shares_image()) return;  // a copy has all of its parent's
  EXPECT_EQ(counts[1], counts[0] + 1);
  EXPECT_EQ(counts[2], counts[0] + 2);
}

void die(Connection) { ::raise(SIGKILL); }
void do_nothing(Connection) {}

TEST_P(TravelConformance, a_child_that_dies_leaves_an_end_of_file_and_no_descriptor) {
  int before = open_descriptors();
  for (int round = 0; round < 8; ++round) {
    auto [here, there] = socket_pipe();
    Process p = started(round % 2 == 0 ? die : do_nothing, there);
    there.close();
    if (round >= 4) p.kill();  // perhaps before it has begun
    EXPECT_THROW((void)here.recv<int>(patience()), EndOfFile);
    EXPECT_TRUE(p.join(patience()));
  }
  EXPECT_EQ(open_descriptors(), before);
}

void count_connections(Connection report, std::vector<Connection> connections) { report.send(connections.size()); }

TEST_P(TravelConformance, as_many_travel_as_one_packet_carries_and_more_are_refused) {
  auto [here, there] = Pipe();
  int before = open_descriptors();
  {
    auto [a, b] = socket_pipe();
    std::vector<Connection> many;
    for (int i = 0; i < 250; ++i) many.push_back(Connection::from_descriptor(::dup(a.fileno())));
    {
      Process p = started(count_connections, there, many);
      EXPECT_EQ(here.recv<std::size_t>(patience()), 250U);
      EXPECT_TRUE(p.join(patience()));
      EXPECT_EQ(p.exitcode(), 0);
    }
    many.push_back(a);
    Process p = process(count_connections, there, many);
    if (shares_image()) {
      p.start();
      EXPECT_EQ(here.recv<std::size_t>(patience()), 251U) << "they are inherited";
      EXPECT_TRUE(p.join(patience()));
    } else {
      EXPECT_THROW(p.start(), EncodeError);
    }
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(TravelConformance, one_connection_may_come_twice) {
  auto [here, there] = Pipe();
  auto [a, b] = socket_pipe();
  Process p = started(count_descriptors, there, std::vector<Connection>{a, a, a});
  EXPECT_EQ((here.recv<std::pair<int, int>>(patience()).second), 0);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

TEST_P(TravelConformance, refuses_what_another_process_could_not_know) {
  if (shares_image()) return;  // the state is inherited with the memory
  int before = open_descriptors();
  {
    auto [here, there] = socket_pipe();
    const std::byte half[] = {std::byte{0}, std::byte{0}};
    ASSERT_EQ(::write(here.fileno(), half, 2), 2);
    EXPECT_EQ(there.try_recv_bytes(), std::nullopt);
    Process p = process(do_nothing, there);
    EXPECT_THROW(p.start(), EncodeError) << "a message came in part";
    const std::byte rest[] = {std::byte{0}, std::byte{0}};
    ASSERT_EQ(::write(here.fileno(), rest, 2), 2);
    EXPECT_EQ(there.recv_bytes(), Blob{});
    p.start();
    EXPECT_TRUE(p.join(patience()));
    EXPECT_THROW(there.send_bytes(Blob(16 << 20), 0, {}, 5ms), TimeoutError);
    Process q = process(do_nothing, there);
    EXPECT_THROW(q.start(), EncodeError) << "a message was sent in part";
    there.close();
    Process r = process(do_nothing, there);
    EXPECT_THROW(r.start(), ClosedError);
  }
  EXPECT_EQ(open_descriptors(), before);
}

void send_parent_pid(Connection connection) { connection.send(static_cast<int>(::getppid())); }

int fork_server_pid() {
  auto [here, there] = Pipe();
  Process p = get_context(StartMethod::forkserver).process(send_parent_pid, there);
  p.start();
  int pid = here.recv<int>(patience());
  p.join(patience());
  return pid;
}

TEST_P(TravelConformance, a_request_is_made_again_when_the_server_dies) {
  if (GetParam() != StartMethod::forkserver) return;
  int server = fork_server_pid();
  ASSERT_EQ(::kill(server, SIGSTOP), 0);
  auto [here, there] = socket_pipe();
  std::thread killer([server] {
    ::usleep(50'000);  // the request lies in the socket, with the descriptor
    ::kill(server, SIGKILL);
  });
  Process p = started(answer, there);
  killer.join();
  there.close();
  here.send(21);
  EXPECT_EQ(here.recv<int>(patience()), 42);
  EXPECT_EQ(here.recv_bytes({}, patience()).size(), 21U);
  here.send(0);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_THROW((void)here.recv<int>(patience()), EndOfFile) << "the dead server's copy is gone";
}

TEST_P(TravelConformance, a_server_that_may_have_no_more_descriptors_says_so) {
  if (GetParam() != StartMethod::forkserver) return;
  int server = fork_server_pid();
  rlimit former{};
  rlimit low{24, 24};
  ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, nullptr, &former), 0);
  low.rlim_max = former.rlim_max;
  ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &low, nullptr), 0);
  auto [here, there] = Pipe();
  auto [a, b] = socket_pipe();
  std::vector<Connection> many(40, a);
  Process p = process(count_connections, there, many);
  EXPECT_THROW(p.start(), SpawnError);
  ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &former, nullptr), 0);
  Process again = finished(count_connections, there, many);
  EXPECT_EQ(again.exitcode(), 0);
}

TEST_P(TravelConformance, a_start_that_fails_leaves_nothing_open) {
  if (GetParam() != StartMethod::spawn) return;
  auto [here, there] = socket_pipe();
  int before = open_descriptors();
  ::setenv("COHORT_EXECUTABLE", "/nonexistent/program", 1);
  Process p = process(do_nothing, there);
  EXPECT_THROW(p.start(), SpawnError);
  ::unsetenv("COHORT_EXECUTABLE");
  EXPECT_EQ(open_descriptors(), before);
  p.start();
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

// From a child to its own child, by a server that both share.
void hand_down(Connection connection, StartMethod method) {
  Process p = get_context(method).process(answer, connection);
  p.start();
  connection.close();
  p.join(patience());
}

TEST_P(TravelConformance, a_child_may_hand_its_connection_down) {
  auto [here, there] = socket_pipe();
  Process p = started(hand_down, there, GetParam());
  there.close();
  here.send(4);
  EXPECT_EQ(here.recv<int>(patience()), 8);
  EXPECT_EQ(here.recv_bytes({}, patience()).size(), 4U);
  here.send(0);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

}  // namespace
}  // namespace cohort::test
