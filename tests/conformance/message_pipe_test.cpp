// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What CPython's tests of connections ask (_TestConnection, _TestPoll, _TestPicklingConnections), with processes at
// both ends.
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/queue.hpp"
#include "cohort/wire/object.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort::test {
namespace {

using Blob = std::vector<std::byte>;

Blob blob(std::string_view text) {
  auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

std::uint64_t live() {
  auto objects = object::Objects::instance();
  return objects.count(detail::ObjectKind::connection) + objects.count(detail::ObjectKind::pipe);
}

struct PipeConformance : EachMethod {};
COHORT_FOR_EACH_METHOD(PipeConformance);

void echo(Connection connection) {
  while (true) {
    Blob message = connection.recv_bytes();
    if (message.empty()) break;
    connection.send_bytes(message);
  }
}

TEST_P(PipeConformance, echoes_values_and_bytes) {
  std::uint64_t before = live();
  {
    auto [here, there] = Pipe();
    Process p = started(echo, there);
    there.close();
    here.send(std::vector<double>{1, 2.25, 3});
    EXPECT_EQ(here.recv<std::vector<double>>(patience()), (std::vector<double>{1, 2.25, 3}));
    here.send_bytes(blob("hello"));
    EXPECT_EQ(here.recv_bytes({}, patience()), blob("hello"));
    Blob buffer(40);
    here.send_bytes(blob("latin"));
    EXPECT_EQ(here.recv_bytes_into(buffer, 3, patience()), 5U);
    here.send_bytes(Blob(100, std::byte{1}));
    EXPECT_THROW((void)here.recv_bytes_into(buffer, 0, patience()), OversizedMessage);
    EXPECT_FALSE(here.poll());
    EXPECT_FALSE(here.poll(-1s));
    EXPECT_FALSE(here.poll(20ms));
    here.send(1.5);
    EXPECT_TRUE(here.poll(patience()));
    EXPECT_EQ(here.recv<double>(), 1.5);
    Blob large(16 << 20, std::byte{'X'});
    here.send_bytes(large);
    EXPECT_TRUE(here.recv_bytes({}, patience()) == large);
    here.send_bytes({});
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0);
    EXPECT_TRUE(here.poll(patience()));
    EXPECT_THROW((void)here.recv<int>(patience()), EndOfFile);
    EXPECT_THROW((void)here.recv_bytes({}, patience()), EndOfFile);
  }
  family::Family::instance().sweep();
  EXPECT_EQ(live(), before);
}

void say_hello_and_close(Connection connection) {
  connection.send_bytes(blob("hello"));
  connection.close();
}

TEST_P(PipeConformance, lets_the_parent_close_its_copy_right_after_the_start) {
  auto [here, there] = Pipe();
  Process p = started(say_hello_and_close, there);
  there.close();
  EXPECT_EQ(here.recv_bytes({}, patience()), blob("hello"));
  EXPECT_TRUE(p.join(patience()));
  EXPECT_THROW((void)here.recv_bytes({}, patience()), EndOfFile);
}

void send_hello(Connection c) { c.send(Object(Object::List{Object(42), Object(), Object("hello")})); }

// As the documents of Python's users have it.
TEST_P(PipeConformance, carries_mixed_values) {
  auto [parent, child] = Pipe();
  Process p = started(send_hello, child);
  EXPECT_EQ(parent.recv<Object>(patience()), Object(Object::List{Object(42), Object(), Object("hello")}));
  EXPECT_TRUE(p.join(patience()));
}

void empty_then_more(Connection connection) {
  connection.send_bytes({});
  for (const char* text : {"hello", "", "goodbye"}) connection.send_bytes(blob(text));
}

TEST_P(PipeConformance, keeps_boundaries_and_counts_an_empty_message_as_ready) {
  auto [r, w] = Pipe(false);
  Process p = started(empty_then_more, w);
  w.close();
  EXPECT_TRUE(r.poll(patience()));
  EXPECT_TRUE(r.poll());
  for (const char* text : {"", "hello", "", "goodbye"}) {
    EXPECT_TRUE(r.poll(patience()));
    EXPECT_EQ(r.recv_bytes(), blob(text));
  }
  EXPECT_THROW((void)r.recv_bytes({}, patience()), EndOfFile);
  EXPECT_TRUE(p.join(patience()));
}

void read_large(Connection r, Connection go) {
  go.send(r.poll(patience()));
  Blob message = r.recv_bytes();
  go.send(message.size());
}

// A look in another process takes nothing of a message.
TEST_P(PipeConformance, may_be_looked_at_in_another_process_than_the_one_that_receives) {
  auto [r, w] = Pipe(false);
  auto [go, child_go] = Pipe();
  Process p = started(read_large, r, child_go);
  w.send_bytes(Blob(1 << 20));
  EXPECT_TRUE(go.recv<bool>(patience()));
  EXPECT_EQ(go.recv<std::size_t>(patience()), std::size_t{1} << 20);
  EXPECT_TRUE(p.join(patience()));
}

void use_what_comes(Connection meta) {
  while (true) {
    auto given = meta.recv<std::optional<Connection>>();
    if (!given) return;
    if (given->readable())
      meta.send_bytes(given->recv_bytes());
    else
      given->send_bytes(blob("from the child"));
    given->close();
  }
}

TEST_P(PipeConformance, carries_the_reading_and_the_writing_end_of_others) {
  std::uint64_t before = live();
  {
    auto [meta, child] = Pipe();
    Process p = started(use_what_comes, child);
    child.close();
    {
      auto [r, w] = Pipe(false);
      meta.send(std::optional(w));
      w.close();
      EXPECT_EQ(r.recv_bytes({}, patience()), blob("from the child"));
      EXPECT_THROW((void)r.recv_bytes({}, patience()), EndOfFile);
    }
    {
      auto [r, w] = Pipe(false);
      meta.send(std::optional(r));
      r.close();
      w.send_bytes(blob("for the child"));
      EXPECT_EQ(meta.recv_bytes({}, patience()), blob("for the child"));
    }
    // Not by closing: a forked child has this end as well.
    meta.send(std::optional<Connection>());
    EXPECT_TRUE(p.join(patience()));
    EXPECT_EQ(p.exitcode(), 0);
  }
  family::Family::instance().sweep();
  EXPECT_EQ(live(), before);
}

void answer_through_queue(Queue<Connection> queue) { queue.get().send("by way of a queue"); }

TEST_P(PipeConformance, ends_may_be_put_on_queues) {
  auto [here, there] = Pipe();
  Queue<Connection> queue;
  queue.put(there);
  there.close();
  Process p = finished(answer_through_queue, queue);
  EXPECT_EQ(here.recv<std::string>(patience()), "by way of a queue");
  EXPECT_THROW((void)here.recv<std::string>(patience()), EndOfFile);
}

void send_for_ever(Connection connection, std::size_t size) {
  Blob message(size);
  for (std::uint64_t i = 0;; ++i) {
    for (auto& byte : message) byte = static_cast<std::byte>(i);
    connection.send_bytes(message);
  }
}

// A sender that is killed at some moment leaves whole messages and then the end.
TEST_P(PipeConformance, shows_only_whole_messages_of_a_killed_sender) {
  for (std::size_t size : {40UL, 5000UL, 300000UL}) {
    auto [r, w] = Pipe(false);
    Process p = started(send_for_ever, w, size);
    w.close();
    for (int i = 0; i < 20; ++i) (void)r.recv_bytes({}, patience());
    p.kill();
    std::uint64_t count = 20;
    EXPECT_THROW(
        {
          while (true) {
            Blob message = r.recv_bytes({}, patience());
            ASSERT_EQ(message, Blob(size, static_cast<std::byte>(count)));
            ++count;
          }
        },
        EndOfFile);
    EXPECT_TRUE(p.join(patience()));
  }
}

void receive_for_ever(Connection connection) {
  while (true) (void)connection.recv_bytes();
}

TEST_P(PipeConformance, breaks_for_the_sender_when_the_receiver_is_killed) {
  auto [r, w] = Pipe(false);
  Process p = started(receive_for_ever, r);
  r.close();
  for (int i = 0; i < 100; ++i) w.send_bytes(Blob(1000));
  p.kill();
  try {
    while (true) w.send_bytes(Blob(1000), 0, {}, patience());
  } catch (const OsError& error) { EXPECT_EQ(error.code(), std::errc::broken_pipe); }
  EXPECT_TRUE(p.join(patience()));
}

}  // namespace
}  // namespace cohort::test
