// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What CPython's _TestQueue and TestSimpleQueue ask of queues, and what ours promise beyond, under every start method.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "cohort/queue.hpp"
#include "cohort/wire/object.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort::test {
namespace {

using detail::ObjectKind;

struct Queues : EachMethod {};
COHORT_FOR_EACH_METHOD(Queues);

Queue<int> everywhere;
JoinableQueue<std::string> jobs_everywhere;

// ---- _TestQueue: put, get, qsize, task_done -------------------------------------------------------------------------

void take_six_then_go_on(Queue<int> q, Queue<bool> start, Queue<bool> go_on) {
  (void)start.get();
  for (int i = 0; i < 6; ++i) (void)q.get();
  go_on.put(true);
}

TEST_P(Queues, put_in_six_ways_then_full_in_every_form) {
  Queue<int> q(6);
  Queue<bool> start, go_on;
  Process p = started(take_six_then_go_on, q, start, go_on);
  EXPECT_TRUE(q.empty());
  EXPECT_FALSE(q.full());
  q.put(1);
  q.put(2, Deadline::never());
  q.put(3, 10s);
  q.put_nowait(4);
  EXPECT_TRUE(q.try_put(5));
  EXPECT_TRUE(q.try_put(6, 10s));
  EXPECT_FALSE(q.empty());
  EXPECT_TRUE(q.full());
  EXPECT_THROW(q.put_nowait(7), Full);
  EXPECT_THROW(q.put(7, 0s), Full);
  EXPECT_THROW(q.put(7, -1s), Full);
  EXPECT_THROW(q.put(7, 50ms), Full);
  EXPECT_FALSE(q.try_put(7));
  EXPECT_FALSE(q.try_put(7, 50ms));
  start.put(true);
  (void)go_on.get(patience());
  EXPECT_TRUE(q.empty());
  EXPECT_FALSE(q.full());
  EXPECT_TRUE(p.join(patience()));
}

void put_four(Queue<int> q, Queue<bool> start, Queue<bool> go_on) {
  (void)start.get();
  for (int i = 2; i <= 5; ++i) q.put(i);
  go_on.put(true);
}

TEST_P(Queues, get_in_all_ways_then_empty_in_every_form) {
  Queue<int> q;
  Queue<bool> start, go_on;
  Process p = started(put_four, q, start, go_on);
  EXPECT_TRUE(q.empty());
  start.put(true);
  (void)go_on.get(patience());
  EXPECT_FALSE(q.empty());
  EXPECT_EQ(q.get(), 2);
  EXPECT_EQ(q.get(10s), 3);
  EXPECT_EQ(q.get_nowait(), 4);
  EXPECT_EQ(q.try_get(), 5);
  EXPECT_TRUE(q.empty());
  EXPECT_THROW((void)q.get_nowait(), Empty);
  EXPECT_THROW((void)q.get(0s), Empty);
  EXPECT_THROW((void)q.get(-1s), Empty);
  EXPECT_THROW((void)q.get(50ms), Empty);
  EXPECT_EQ(q.try_get(), std::nullopt);
  EXPECT_TRUE(p.join(patience()));
}

void put_ten_more(Queue<int> q) {
  for (int i = 10; i < 20; ++i) q.put(i);
}

TEST_P(Queues, a_child_of_a_process_that_has_put_goes_on_in_order) {
  Queue<int> q;
  for (int i = 0; i < 10; ++i) q.put(i);
  EXPECT_EQ(finished(put_ten_more, q).exitcode(), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(q.get_nowait(), i);
  EXPECT_THROW((void)q.get_nowait(), Empty);
}

void put_one(Queue<int> q) { q.put(1); }

TEST_P(Queues, qsize_counts_at_once_across_processes) {
  Queue<int> q;
  EXPECT_EQ(q.qsize(), 0u);
  q.put(1);
  EXPECT_EQ(q.qsize(), 1u);
  EXPECT_EQ(finished(put_one, q).exitcode(), 0);
  EXPECT_EQ(q.qsize(), 2u);
  (void)q.get();
  EXPECT_EQ(q.qsize(), 1u);
  (void)q.get();
  EXPECT_EQ(q.qsize(), 0u);
}

void work_until_none(JoinableQueue<std::optional<int>> q) {
  while (q.get()) q.task_done();
  q.task_done();
}

TEST_P(Queues, join_returns_after_four_workers_have_done_all) {
  JoinableQueue<std::optional<int>> q;
  std::vector<Process> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(started(work_until_none, q));
  for (int i = 0; i < 10; ++i) q.put(i);
  EXPECT_TRUE(q.join(patience()));
  for (int i = 0; i < 4; ++i) q.put(std::nullopt);
  for (auto& worker : workers) EXPECT_TRUE(worker.join(patience()));
  EXPECT_TRUE(q.join(Deadline::now()));
  EXPECT_THROW(q.task_done(), ValueError);
}

void check_closed(Queue<int> q) {
  q.close();
  try {
    q.put(1);
  } catch (const ClosedError&) { ::_exit(33); }
}

TEST_P(Queues, close_concerns_one_process) {
  Queue<int> q;
  EXPECT_EQ(finished(check_closed, q).exitcode(), 33);
  q.put(1);
  EXPECT_EQ(q.get(), 1);
}

// ---- what Python cannot ---------------------------------------------------------------------------------------------

void put_megabyte(Queue<std::string> q) { q.put(std::string(1 << 20, 'X')); }

// Python's documentation: this deadlocks there.
TEST_P(Queues, a_process_that_has_put_may_be_joined_before_anybody_gets) {
  Queue<std::string> q;
  Process p = started(put_megabyte, q);
  EXPECT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
  EXPECT_EQ(q.get().size(), std::size_t{1} << 20);
}

void put_many_thousands(Queue<int> q, int from, int count) {
  for (int i = 0; i < count; ++i) q.put(from + i);
}
long sum_until_negative(Queue<int> q) {
  long sum = 0;
  for (int n = q.get(); n >= 0; n = q.get()) sum += n;
  return sum;
}
void report_sum(Queue<int> q, Queue<long> sums) { sums.put(sum_until_negative(q)); }

TEST_P(Queues, many_producers_and_consumers_lose_nothing) {
  Queue<int> q(100);
  Queue<long> sums;
  std::vector<Process> producers, consumers;
  for (int i = 0; i < 3; ++i) consumers.push_back(started(report_sum, q, sums));
  for (int i = 0; i < 3; ++i) producers.push_back(started(put_many_thousands, q, i * 20000, 20000));
  for (auto& p : producers) EXPECT_TRUE(p.join(patience()));
  for (int i = 0; i < 3; ++i) q.put(-1);
  long sum = 0;
  for (int i = 0; i < 3; ++i) sum += sums.get(patience());
  for (auto& c : consumers) EXPECT_TRUE(c.join(patience()));
  EXPECT_EQ(sum, 60000L * 59999 / 2);
}

void answer_with_inner(Queue<Queue<std::string>> outer) {
  Queue<std::string> inner;
  inner.put("made in the child");
  outer.put(inner);
}

TEST_P(Queues, go_through_queues_and_outlive_who_made_them) {
  auto objects = object::Objects::instance();
  auto before = objects.count(ObjectKind::queue);
  {
    Queue<Queue<std::string>> outer;
    EXPECT_EQ(finished(answer_with_inner, outer).exitcode(), 0);
    EXPECT_EQ(outer.get().get(), "made in the child");
  }
  EXPECT_EQ(objects.count(ObjectKind::queue), before);
}

void put_mixed(Queue<Object> q) {
  q.put(Object(42));
  q.put(Object("hello"));
  q.put(Object());
}

TEST_P(Queues, carry_mixed_values) {
  Queue<Object> q;
  EXPECT_EQ(finished(put_mixed, q).exitcode(), 0);
  EXPECT_EQ(q.get(), Object(42));
  EXPECT_EQ(q.get(), Object("hello"));
  EXPECT_EQ(q.get(), Object());
}

void use_statics() {
  everywhere.put(everywhere.get() + 1);
  jobs_everywhere.put("from the child");
}

TEST_P(Queues, of_static_storage_are_one_queue_everywhere) {
  everywhere.put(41);
  EXPECT_EQ(finished(use_statics).exitcode(), 0);
  EXPECT_EQ(everywhere.get(patience()), 42);
  EXPECT_EQ(jobs_everywhere.get(patience()), "from the child");
  jobs_everywhere.task_done();
}

void write_in_place(Queue<std::vector<double>> q) {
  auto loan = q.loan(1 << 20);
  std::iota(loan.items().begin(), loan.items().end(), 0.0);
  q.publish(std::move(loan));
}

TEST_P(Queues, items_are_written_in_one_process_and_read_in_place_in_another) {
  Queue<std::vector<double>> q;
  EXPECT_EQ(finished(write_in_place, q).exitcode(), 0);
  auto loan = q.get_loan();
  ASSERT_EQ(loan.items().size(), std::size_t{1} << 20);
  EXPECT_EQ(loan.items().back(), (1 << 20) - 1.0);
}

// ---- deaths ---------------------------------------------------------------------------------------------------------

void put_for_ever(Queue<std::string> q) {
  for (std::uint64_t i = 0;; ++i) q.put(std::to_string(i) + std::string(i % 10000, ' '));
}
void get_for_ever(Queue<std::string> q, Queue<bool> got_some) {
  for (int i = 0;; ++i) {
    (void)q.get();
    if (i == 100) got_some.put(true);
  }
}

TEST_P(Queues, the_others_go_on_when_producers_and_consumers_are_killed) {
  Queue<std::string> q(50);
  for (int round = 0; round < 5; ++round) {
    Queue<bool> got_some;
    Process producer = started(put_for_ever, q);
    Process consumer = started(get_for_ever, q, got_some);
    EXPECT_TRUE(got_some.get(patience()));
    producer.kill();
    consumer.kill();
    EXPECT_TRUE(producer.join(patience()));
    EXPECT_TRUE(consumer.join(patience()));
    // Whole items, in order.
    std::optional<std::uint64_t> last;
    while (auto text = q.try_get()) {
      std::uint64_t i = std::stoull(*text);
      EXPECT_EQ(*text, std::to_string(i) + std::string(i % 10000, ' '));
      if (last) { EXPECT_EQ(i, *last + 1); }
      last = i;
    }
    q.put("0");
    EXPECT_EQ(q.get(), "0");
  }
}

void take_and_die(JoinableQueue<int> q) {
  (void)q.get();
  (void)q.get();
  q.task_done();
  std::raise(SIGKILL);
}

TEST_P(Queues, what_a_dead_worker_had_taken_and_not_done_comes_again) {
  JoinableQueue<int> q({.redeliver = true});
  for (int i = 0; i < 5; ++i) q.put(i);
  Process p = started(take_and_die, q);
  EXPECT_TRUE(p.join(patience()));
  std::vector<int> got;
  for (int i = 0; i < 4; ++i) {
    got.push_back(q.get(patience()));
    q.task_done();
  }
  EXPECT_EQ(got.front(), 1) << "the oldest first";
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_TRUE(q.join(patience()));
}

void wait_for_item(Queue<int> q, Queue<bool> ready) {
  ready.put(true);
  (void)q.get();
}

TEST_P(Queues, a_killed_waiter_takes_nothing) {
  Queue<int> q;
  Queue<bool> ready;
  Process p = started(wait_for_item, q, ready);
  EXPECT_TRUE(ready.get(patience()));
  p.kill();
  EXPECT_TRUE(p.join(patience()));
  q.put(1);
  EXPECT_EQ(q.get(patience()), 1);
}

// ---- cost -----------------------------------------------------------------------------------------------------------

// Reads one byte of each page, as who uses the items would.
void read_pages(std::span<const char> items) {
  for (std::size_t at = 0; at < items.size(); at += 4096) {
    volatile char c = items[at];
    static_cast<void>(c);
  }
}

void count_faults(Queue<std::vector<char>> q, Queue<long> answers, int warm, int count) {
  for (int i = 0; i < warm; ++i) read_pages(q.get_loan().items());
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < count; ++i) read_pages(q.get_loan().items());
  ::getrusage(RUSAGE_SELF, &after);
  answers.put(after.ru_minflt - before.ru_minflt);
}

// Page faults of a producer and a consumer in `count` items of `bytes`, after `warm` others.
template <class Started>
std::pair<long, long> faults_of(std::size_t bytes, int warm, int count, Started&& started) {
  Queue<std::vector<char>> q(2);
  Queue<long> answers;
  Process p = started(count_faults, q, answers, warm, count);
  std::vector<char> item(bytes, 'x');
  for (int i = 0; i < warm; ++i) q.put(item);
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < count; ++i) q.put(item);
  ::getrusage(RUSAGE_SELF, &after);
  long theirs = answers.get(patience());
  EXPECT_TRUE(p.join(patience()));
  return {after.ru_minflt - before.ru_minflt, theirs};
}

// The most blocks that are on their way at once in a queue of two: one that is written, two that wait, and one that is
// read. A slow reader lets all four exist for the first time only after the warming, and each is then touched once.
constexpr long kOnTheirWay = 4;

TEST_P(Queues, large_items_cost_no_page_faults_once_warm) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's own shadow memory is faulted in";
#endif
  auto start = [this](auto&&... arguments) { return started(arguments...); };
  auto [ours, theirs] = faults_of(1 << 20, 50, 200, start);
  // Cold, the 200 items would cost 51 200 faults.
  EXPECT_LT(ours, kOnTheirWay * 256 + 50) << "in the producer";
  EXPECT_LT(theirs, kOnTheirWay * 256 + 50) << "in the consumer";
}

// Of 64 MiB, some blocks of which are on their way at once: they must stay warm, too.
TEST_P(Queues, very_large_items_cost_no_page_faults_once_warm) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's own shadow memory is faulted in";
#endif
  (void)Queue<int>().qsize();
  if (family_memory_statistics().budget.count < (8_GiB).count)
    GTEST_SKIP() << "an eighth of this machine's budget does not keep some blocks of 128 MiB";
  auto start = [this](auto&&... arguments) { return started(arguments...); };
  auto [ours, theirs] = faults_of(64 << 20, 8, 10, start);
  // Cold, the 10 items would cost 163 840 faults.
  EXPECT_LT(ours, kOnTheirWay * 16384 + 1000) << "in the producer";
  EXPECT_LT(theirs, kOnTheirWay * 16384 + 1000) << "in the consumer";
}

void drop(SimpleQueue<std::string> q, SimpleQueue<bool> answers) { answers.put(q.get() == "one" && q.empty()); }

TEST_P(Queues, simple_queues_carry_items_both_ways) {
  SimpleQueue<std::string> q;
  SimpleQueue<bool> answers;
  Process p = started(drop, q, answers);
  q.put("one");
  EXPECT_TRUE(answers.get(patience()));
  EXPECT_TRUE(p.join(patience()));
}

}  // namespace
}  // namespace cohort::test
