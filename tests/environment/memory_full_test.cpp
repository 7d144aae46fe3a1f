// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The family memory is full: by its budget in one program, by the smallest reservation in the other. What was put can
// be taken out all the same, nothing is lost, and there is room again afterwards.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/family/family_memory.hpp"
#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "cohort/queue.hpp"
#include "cohort/shared.hpp"
#include "cohort/sync.hpp"
#include "family/family.hpp"

namespace cohort::test {
namespace {

using namespace std::chrono_literals;

// A re-executed child has joined its parent's family by now.
const bool configured = [] {
  try {
#if COHORT_TEST_BUDGET
    configure_family_memory({.budget = 16_MiB});
#else
    configure_family_memory({.reservation = 64_MiB});
#endif
    return true;
  } catch (const StateError&) { return false; }
}();

// All the memory that there is, for contents and for control structures.
class Full {
 public:
  Full() {
    (void)filler_.qsize();
    for (std::size_t size : {1'000'000, 100'000, 9'000, 3'000, 100}) fill([&] { filler_.put(std::string(size, 'x')); });
    fill([&] { locks_.emplace_back(); });
    for (std::size_t size : {9'000, 100}) fill([&] { filler_.put(std::string(size, 'x')); });
  }

 private:
  template <class Use>
  static void fill(Use use) {
    try {
      while (true) use();
    } catch (const OutOfFamilyMemory&) {}
  }
  Queue<std::string> filler_;
  std::vector<Lock> locks_;
};

// Runs `work` in a member of its own.
template <class Work>
void in_a_child(Work work) {
  pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (...) { ::_exit(1); }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  // A copy refers to all that its process did, until somebody looks for the dead.
  family::Family::instance().sweep();
}

TEST(MemoryFull, lets_handles_be_taken_out_of_a_queue) {
  constexpr int kLocks = 3000;
  Queue<Lock> queue;
  (void)queue.qsize();
  in_a_child([&] {
    for (int i = 0; i < kLocks; ++i) queue.put(Lock());
  });
  std::vector<Lock> got;
  {
    Full full;
    while (auto lock = queue.try_get()) got.push_back(*lock);
    EXPECT_EQ(got.size(), static_cast<std::size_t>(kLocks));
  }
  for (Lock& lock : got) EXPECT_TRUE(lock.acquire(Deadline::now()));
  for (Lock& lock : got) lock.release();
}

TEST(MemoryFull, lets_handles_be_received_through_a_pipe) {
  constexpr int kLocks = 300;
  auto [here, there] = Pipe();
  for (int i = 0; i < kLocks; ++i) there.send(Lock());
  Full full;
  int got = 0;
  while (auto lock = here.try_recv<Lock>()) got += lock->acquire(Deadline::now()) ? 1 : 0;
  EXPECT_EQ(got, kLocks);
}

void expect_drained(std::size_t size) {
  JoinableQueue<std::string> queue({.redeliver = true});
  int put = 0;
  try {
    for (;; ++put) queue.put(std::to_string(put) + ' ' + std::string(size, 'x'));
  } catch (const OutOfFamilyMemory&) {}
  ASSERT_GT(put, 4);
  Full full;
  for (int i = 0; i < put; ++i) {
    EXPECT_EQ(std::stoi(queue.get(10s)), i);
    queue.task_done();
  }
  EXPECT_TRUE(queue.join(10s));
}

TEST(MemoryFull, lets_a_redelivering_queue_be_drained_in_order) {
  expect_drained(100'000);
  expect_drained(3'000);
}

TEST(MemoryFull, lets_large_and_small_items_be_lent) {
  Queue<std::vector<int>> queue;
  for (int i = 0; i < 100; ++i) {
    queue.put(std::vector<int>(10, i));
    queue.put(std::vector<int>(10'000, i));
  }
  Full full;
  std::vector<Loan<int>> loans;
  for (int i = 0; i < 100; ++i) {
    for (std::size_t size : {10U, 10'000U}) {
      loans.push_back(queue.get_loan(10s));
      ASSERT_EQ(loans.back().items().size(), size);
      EXPECT_EQ(loans.back().items()[size - 1], i);
    }
  }
}

TEST(MemoryFull, lets_a_lent_item_be_published_again_when_there_is_room) {
  Queue<std::vector<int>> queue;
  for (int i = 0; i < 50; ++i) queue.put(std::vector<int>(10, i));
  std::vector<Loan<int>> loans;
  {
    Full full;
    for (int i = 0; i < 50; ++i) loans.push_back(queue.get_loan(10s));
  }
  for (auto& loan : loans) queue.publish(std::move(loan));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(queue.get(10s), std::vector<int>(10, i));
}

constexpr std::size_t kLarge = 10 << 20;

void send_large(Connection to, Value<int> sent) {
  for (int i = 0; i < 5; ++i) {
    const std::vector<std::byte> bytes(kLarge, std::byte(i + 1));
    try {
      to.send_bytes(bytes);
      sent += 1;
    } catch (const OutOfFamilyMemory&) {}
  }
}

TEST(MemoryFull, loses_no_message_of_which_a_receiver_has_a_part_at_its_deadline) {
  auto [here, there] = Pipe();
  Value<int> sent(0);
  Process sender(send_large, there, sent);
  sender.start();
  there.close();
  std::jthread stopper([child = *sender.pid()](const std::stop_token& stop) {
    // Where the sender is stopped is left to chance: what must hold does not depend on it.
    while (!stop.stop_requested()) {
      ::kill(child, SIGSTOP);
      std::this_thread::sleep_for(60ms);
      ::kill(child, SIGCONT);
      std::this_thread::sleep_for(4ms);
    }
  });
  int got = 0;
  while (true) {
    try {
      auto bytes = here.recv_bytes({}, 30ms);
      ++got;
      ASSERT_EQ(bytes.size(), kLarge);
      EXPECT_EQ(bytes.front(), bytes.back());
    } catch (const TimeoutError&) {
    } catch (const EndOfFile&) { break; }
  }
  stopper = {};
  sender.join();
  EXPECT_EQ(got, sent.load());
}

TEST(MemoryFull, lets_a_new_process_take_items) {
  Queue<int> queue;
  Queue<std::string> texts;
  queue.put(7);
  texts.put(std::string(100'000, 't'));
  Full full;
  in_a_child([&] {
    if (queue.get(10s) != 7 || texts.get(10s).size() != 100'000) ::_exit(2);
  });
}

TEST(MemoryFull, leaves_room_after_everything_was_taken) {
  for (int i = 0; i < 3; ++i) {
    { Full full; }
    Queue<std::string> queue;
    queue.put(std::string(1'000'000, 'x'));
    EXPECT_EQ(queue.get(10s).size(), 1'000'000U);
  }
}

int square(int x) { return x * x; }

TEST(MemoryFull, has_room_for_one_of_each_class_when_it_is_small) {
  Pool pool(2);
  EXPECT_EQ(pool.apply<square>(3), 9);
  EXPECT_EQ(pool.map<square>(std::vector<int>{1, 2, 3}), (std::vector<int>{1, 4, 9}));
  JoinableQueue<int> jobs({.redeliver = true});
  jobs.put(1);
  EXPECT_EQ(jobs.get(10s), 1);
  jobs.task_done();
  auto [here, there] = Pipe();
  there.send(1);
  EXPECT_EQ(here.recv<int>(10s), 1);
  Condition condition;
  Barrier barrier(1);
  EXPECT_EQ(barrier.wait(), 0);
  SharedMutex mutex;
  EXPECT_TRUE(mutex.acquire(10s));
  mutex.release();
  Array<int> array(1000);
  array[1] = 2;
  SharedMemory memory(1_MiB);
  EXPECT_GE(memory.size(), 1U << 20);
  ShareableList list({1, 2, 3});
  EXPECT_EQ(list.size(), 3U);
}

}  // namespace
}  // namespace cohort::test
