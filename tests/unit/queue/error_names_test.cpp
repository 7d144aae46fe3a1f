// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Errors name the call that was made, and the class that it was made on.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/connection/pipe.hpp"
#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/queue/simple_queue.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/sync/semaphore.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;

// What the error of `call` says was being done.
template <class Call>
std::string named(Call call) {
  try {
    call();
  } catch (const Error& error) { return error.operation(); }
  return "no error";
}

TEST(ErrorNames, of_queues_are_those_of_the_class_and_the_call) {
  Queue<int> queue(1);
  EXPECT_EQ(named([&] { (void)queue.get_nowait(); }), "Queue.get_nowait");
  EXPECT_EQ(named([&] { (void)queue.get(1ms); }), "Queue.get");
  queue.put(1);
  EXPECT_EQ(named([&] { queue.put_nowait(2); }), "Queue.put_nowait");
  EXPECT_EQ(named([&] { queue.put(2, 1ms); }), "Queue.put");
  queue.close();
  EXPECT_EQ(named([&] { (void)queue.try_put(1); }), "Queue.try_put");
  EXPECT_EQ(named([&] { (void)queue.put_many(std::vector<int>{1}); }), "Queue.put_many");
  EXPECT_EQ(named([&] { (void)queue.try_get(); }), "Queue.try_get");
  EXPECT_EQ(named([&] { (void)queue.get_many(1); }), "Queue.get_many");
  EXPECT_EQ(named([&] { (void)queue.qsize(); }), "Queue.qsize");
}

TEST(ErrorNames, of_other_queues_are_their_own) {
  JoinableQueue<int> jobs;
  EXPECT_EQ(named([&] { (void)jobs.get_nowait(); }), "JoinableQueue.get_nowait");
  EXPECT_EQ(named([&] { jobs.task_done(); }), "JoinableQueue.task_done");
  jobs.close();
  EXPECT_EQ(named([&] { jobs.put(1); }), "JoinableQueue.put");
  EXPECT_EQ(named([&] { (void)jobs.full(); }), "JoinableQueue.full");
  SimpleQueue<std::string> simple;
  EXPECT_EQ(named([&] { (void)simple.get(1ms); }), "SimpleQueue.get");
  simple.close();
  EXPECT_EQ(named([&] { simple.put("x"); }), "SimpleQueue.put");
  JoinableQueue<int> lent({.redeliver = true, .most_unfinished_gets = 1});
  lent.put(1);
  lent.put(2);
  EXPECT_EQ(lent.get(), 1);
  EXPECT_EQ(named([&] { (void)lent.get_nowait(); }), "JoinableQueue.get_nowait");
}

TEST(ErrorNames, of_items_of_another_size_are_those_of_the_call) {
  Queue<std::int32_t> queue;
  Queue<std::int64_t> other(queue.name());
  queue.put(1);
  EXPECT_EQ(named([&] { (void)other.try_get(); }), "Queue.try_get");
}

TEST(ErrorNames, of_loans_are_those_of_the_call) {
  Queue<std::vector<int>> queue(1);
  EXPECT_EQ(named([&] { (void)queue.get_loan(1ms); }), "Queue.get_loan");
  queue.put(std::vector<int>{1});
  auto loan = queue.loan(3);
  EXPECT_EQ(named([&] { queue.publish(std::move(loan), 1ms); }), "Queue.publish");
}

TEST(ErrorNames, of_connections_are_those_of_the_call) {
  auto [here, there] = Pipe();
  EXPECT_EQ(named([&] { (void)here.recv<int>(1ms); }), "Connection.recv");
  there.close();
  EXPECT_EQ(named([&] { (void)here.try_recv<int>(); }), "Connection.try_recv");
  EXPECT_EQ(named([&] { (void)here.try_recv_bytes(); }), "Connection.try_recv_bytes");
  EXPECT_EQ(named([&] { (void)there.try_send(1); }), "Connection.try_send");
  EXPECT_EQ(named([&] { (void)there.try_send_bytes({}); }), "Connection.try_send_bytes");
  EXPECT_EQ(named([&] { there.send(1); }), "Connection.send");
}

TEST(ErrorNames, of_semaphores_and_locks_are_those_of_the_class) {
  BoundedSemaphore bounded(1);
  EXPECT_EQ(named([&] { bounded.release(); }), "BoundedSemaphore.release");
  EXPECT_EQ(named([&] { bounded.release(0); }), "BoundedSemaphore.release");
  EXPECT_EQ(named([&] { bounded.mark_consistent(); }), "BoundedSemaphore.mark_consistent");
  EXPECT_EQ(named([&] { BoundedSemaphore wrong(-1); }), "BoundedSemaphore");
  Semaphore semaphore(1);
  EXPECT_EQ(named([&] { semaphore.release(0); }), "Semaphore.release");
  RLock lock;
  EXPECT_EQ(named([&] { lock.mark_consistent(); }), "RLock.mark_consistent");
}

}  // namespace
}  // namespace cohort
