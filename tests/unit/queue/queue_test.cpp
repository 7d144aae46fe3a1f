// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/queue/queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "cohort/queue/simple_queue.hpp"
#include "cohort/wire/object.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"
#include "ring/layout.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;

struct Point {
  int x;
  double y;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Job {
  std::string name;
  std::vector<int> samples;
  friend bool operator==(const Job&, const Job&) = default;
};
struct Refused {
  int value = 0;
};

}  // namespace

template <>
struct Codec<Refused> {
  static void encode(Encoder& out, const Refused& value) {
    if (value.value < 0) Encoder::fail("negative values are refused");
    Codec<int>::encode(out, value.value);
  }
  static Refused decode(Decoder& in) { return {Codec<int>::decode(in)}; }
};

namespace {

ring::RingBody& ring_of(const SharedHandle& queue) {
  return *static_cast<ring::RingBody*>(detail::HandleAccess::body(queue));
}

TEST(Queue, gives_items_in_the_order_of_the_puts) {
  Queue<int> q;
  for (int i = 0; i < 10; ++i) q.put(i);
  EXPECT_EQ(q.qsize(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(q.get(), i);
  EXPECT_TRUE(q.empty());
}

TEST(Queue, carries_whatever_has_a_codec) {
  Queue<Point> points;
  points.put({1, 2.5});
  EXPECT_EQ(points.get(), (Point{1, 2.5}));
  Queue<Job> jobs;
  Job job{"a job", {1, 2, 3}};
  jobs.put(job);
  EXPECT_EQ(jobs.get(), job);
  Queue<bool> bools;
  bools.put(true);
  EXPECT_TRUE(bools.get());
  Queue<std::string> texts;
  texts.put("");
  EXPECT_EQ(texts.get(), "");
  Queue<std::tuple<int, std::string>> tuples;
  tuples.put({7, "seven"});
  EXPECT_EQ(tuples.get(), (std::tuple<int, std::string>{7, "seven"}));
}

TEST(Queue, carries_mixed_objects) {
  Queue<Object> q;
  q.put(Object(42));
  q.put(Object("text"));
  q.put(Object());
  EXPECT_EQ(q.get(), Object(42));
  EXPECT_EQ(q.get(), Object("text"));
  EXPECT_EQ(q.get(), Object());
}

TEST(Queue, carries_items_of_every_size) {
  Queue<std::string> q;
  std::vector<std::size_t> sizes{0,    1,    7,    8,    9,    500,   8100,    8183,
                                 8184, 8185, 8190, 8192, 8193, 65536, 1 << 20, (8 << 20) + 1};
  for (std::size_t size : sizes) q.put(std::string(size, static_cast<char>('a' + size % 26)));
  for (std::size_t size : sizes) EXPECT_EQ(q.get(), std::string(size, static_cast<char>('a' + size % 26)));
  Queue<std::vector<double>> vectors;
  for (std::size_t size : sizes) vectors.put(std::vector<double>(size / 8, static_cast<double>(size)));
  for (std::size_t size : sizes) EXPECT_EQ(vectors.get(), std::vector<double>(size / 8, static_cast<double>(size)));
}

TEST(Queue, grows_and_gives_the_memory_back) {
  (void)family::Family::instance().self();
  Queue<std::string> q;
  q.put("first");
  (void)q.get();
  auto before = family_memory_statistics().in_use.count;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20000; ++i) q.put(std::string(100 + i % 400, static_cast<char>('a' + i % 26)));
    EXPECT_GT(family_memory_statistics().in_use.count, before + (4u << 20));
    for (int i = 0; i < 20000; ++i) ASSERT_EQ(q.get(), std::string(100 + i % 400, static_cast<char>('a' + i % 26)));
    // What remains is one segment.
    EXPECT_LE(family_memory_statistics().in_use.count, before + ring::kSegmentBytes);
  }
}

TEST(Queue, goes_round_its_ring) {
  Queue<std::string> q;
  for (int i = 0; i < 100000; ++i) {
    q.put(std::string(static_cast<std::size_t>(i) % 3000, 'x'));
    if (i % 3 != 2) continue;
    for (int k = 2; k >= 0; --k) ASSERT_EQ(q.get().size(), static_cast<std::size_t>(i - k) % 3000);
  }
  EXPECT_EQ(q.qsize(), 1u);
  auto* segment = family::Family::instance().at<ring::Segment>(ring_of(q).in.segment.load());
  EXPECT_EQ(segment->units.load() * ring::kUnit, ring::kFirstSegment);
}

TEST(Queue, full_says_so) {
  Queue<int> q(2);
  EXPECT_EQ(q.maxsize(), 2u);
  q.put(1);
  EXPECT_FALSE(q.full());
  q.put(2);
  EXPECT_TRUE(q.full());
  EXPECT_FALSE(q.try_put(3));
  EXPECT_THROW(q.put_nowait(3), Full);
  EXPECT_THROW(q.put(3, 10ms), Full);
  EXPECT_FALSE(q.try_put(3, 10ms));
  EXPECT_EQ(q.get(), 1);
  EXPECT_TRUE(q.try_put(3));
}

TEST(Queue, empty_says_so) {
  Queue<int> q;
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.try_get(), std::nullopt);
  EXPECT_THROW((void)q.get_nowait(), Empty);
  EXPECT_THROW((void)q.get(10ms), Empty);
  EXPECT_EQ(q.try_get(10ms), std::nullopt);
  EXPECT_TRUE(q.get_many(10, 1ms).empty());
}

TEST(Queue, get_waits_at_least_its_timeout) {
  Queue<int> q;
  auto start = std::chrono::steady_clock::now();
  EXPECT_THROW((void)q.get(200ms), Empty);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST(Queue, many_at_once) {
  Queue<int> q;
  std::vector<int> numbers(100000);
  std::iota(numbers.begin(), numbers.end(), 0);
  EXPECT_EQ(q.put_many(numbers), numbers.size());
  std::vector<int> got;
  while (got.size() < numbers.size())
    for (int n : q.get_many(7777)) got.push_back(n);
  EXPECT_EQ(got, numbers);
  Queue<std::string> texts;
  EXPECT_EQ(texts.put_many(std::vector<std::string>{"a", "b", "c"}), 3u);
  EXPECT_EQ(texts.get_many(2), (std::vector<std::string>{"a", "b"}));
  Queue<int> bounded(5);
  EXPECT_EQ(bounded.put_many(numbers, 1ms), 5u);
  EXPECT_EQ(bounded.get_many(10).size(), 5u);
  EXPECT_EQ(bounded.put_many(std::vector<int>{}), 0u);
  EXPECT_TRUE(bounded.get_many(0).empty());
}

TEST(Queue, errors_of_the_codec_reach_the_caller_of_put) {
  Queue<Refused> q;
  EXPECT_THROW(q.put({-1}), EncodeError);
  EXPECT_TRUE(q.empty());
  q.put({1});
  EXPECT_EQ(q.get().value, 1);
}

TEST(Queue, a_closed_one_refuses) {
  Queue<int> unused;
  unused.close();
  EXPECT_TRUE(unused.empty());
  Queue<int> q;
  Queue<int> copy = q;
  q.put(1);
  EXPECT_THROW(q.join_thread(), StateError);
  q.close();
  q.close();
  q.join_thread();
  q.cancel_join_thread();
  EXPECT_TRUE(copy.closed());
  EXPECT_THROW(q.put(1), ClosedError);
  EXPECT_THROW((void)copy.get(), ClosedError);
  EXPECT_THROW((void)q.try_get(), ClosedError);
  EXPECT_THROW((void)q.qsize(), ClosedError);
  EXPECT_THROW((void)q.full(), ClosedError);
  EXPECT_THROW((void)q.empty(), ClosedError);
  EXPECT_THROW((void)q.get_many(1), ClosedError);
  EXPECT_THROW(q.put_many(std::vector<int>{1}), ClosedError);
}

TEST(Queue, a_moved_from_one_refuses) {
  Queue<int> q;
  Queue<int> other = std::move(q);
  EXPECT_THROW(q.put(1), ClosedError);  // NOLINT(bugprone-use-after-move)
  other.put(1);
  EXPECT_EQ(other.get(), 1);
}

TEST(Queue, carries_handles_and_keeps_their_objects) {
  Queue<Queue<int>> outer;
  std::uint64_t id = 0;
  {
    Queue<int> inner;
    inner.put(42);
    id = inner.id();
    outer.put(inner);
  }
  Queue<int> again = outer.get();
  EXPECT_EQ(again.id(), id);
  EXPECT_EQ(again.get(), 42);
}

TEST(Queue, destroys_with_itself_what_lies_in_it) {
  auto objects = object::Objects::instance();
  auto before = family_memory_statistics();
  auto queues = objects.count(object::ObjectKind::queue);
  {
    Queue<std::pair<Queue<int>, std::string>> outer;
    Queue<std::string> texts;
    for (int i = 0; i < 300; ++i) {
      Queue<int> inner;
      inner.put(i);
      outer.put({inner, std::string(static_cast<std::size_t>(i) * 100, 'x')});
      texts.put(std::string(10000, 'x'));
    }
  }
  EXPECT_EQ(objects.count(object::ObjectKind::queue), queues);
  EXPECT_LE(family_memory_statistics().blocks, before.blocks + 4);  // tables of this process
}

TEST(Queue, is_written_and_read_in_place) {
  Queue<std::vector<double>> q;
  auto loan = q.loan(100000);
  ASSERT_EQ(loan.items().size(), 100000u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(loan.items().data()) % 64, 0u);
  std::iota(loan.items().begin(), loan.items().end(), 0.0);
  const double* place = loan.items().data();
  q.publish(std::move(loan));
  EXPECT_TRUE(loan.items().empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(q.publish(std::move(loan)), ValueError);
  auto got = q.get_loan();
  EXPECT_EQ(got.items().data(), place);
  EXPECT_EQ(got.items()[99999], 99999.0);
  // And on, without a copy; a plain get takes it too.
  got.items()[0] = -1;
  q.publish(std::move(got));
  EXPECT_EQ(q.get().at(0), -1);
  // What was put as a value.
  q.put(std::vector<double>{1, 2, 3});
  EXPECT_EQ(q.get_loan().items()[2], 3);
  q.put(std::vector<double>(5000, 4));
  EXPECT_EQ(q.get_loan().items()[4999], 4);
  EXPECT_THROW((void)q.get_loan(1ms), Empty);
}

TEST(Queue, a_loan_that_is_not_published_is_given_back) {
  Queue<std::vector<char>> q(1);
  auto before = family_memory_statistics().in_use.count;
  { auto loan = q.loan(1 << 20); }
  EXPECT_EQ(family_memory_statistics().in_use.count, before);
  q.put({});
  auto loan = q.loan(10);
  EXPECT_THROW(q.publish(std::move(loan), 1ms), Full);
  EXPECT_EQ(loan.items().size(), 10u);  // NOLINT(bugprone-use-after-move)
}

TEST(Queue, an_item_beyond_the_budget_is_refused) {
  Queue<std::vector<char>> q;
  EXPECT_THROW((void)q.loan(std::size_t{1} << 60), OutOfFamilyMemory);
  EXPECT_THROW((void)q.loan(~std::size_t{0}), OutOfFamilyMemory);
  EXPECT_THROW((void)q.loan(family_memory_statistics().budget.count), OutOfFamilyMemory);
  EXPECT_TRUE(q.empty());
  q.put({'a'});
  EXPECT_EQ(q.get(), std::vector<char>{'a'});
}

TEST(Queue, items_of_another_type_are_told_by_their_size) {
  Queue<int> q;
  q.put(1);
  Queue<double> wrong(q.name());
  EXPECT_THROW((void)wrong.get(), DecodeError);
  EXPECT_EQ(q.get(), 1);
}

TEST(Queue, a_record_that_was_written_over_is_found) {
  Queue<int> q;
  q.put(1);
  auto& family = family::Family::instance();
  std::byte* segment = family.address(ring_of(q).out.segment.load(), ring::kFirstSegment);
  std::uint64_t header = 0;
  std::memcpy(&header, segment + sizeof(ring::Segment), sizeof header);
  for (std::uint64_t bad : {std::uint64_t{0}, header ^ 1u << 31, header ^ std::uint64_t{1} << 34,
                            header ^ std::uint64_t{1} << 40, ~header}) {
    std::memcpy(segment + sizeof(ring::Segment), &bad, sizeof bad);
    EXPECT_THROW((void)q.get(), Error) << bad;
    EXPECT_THROW((void)q.try_get(), Error) << bad;
  }
  std::memcpy(segment + sizeof(ring::Segment), &header, sizeof header);
  EXPECT_EQ(q.get(), 1);
  reinterpret_cast<ring::Segment*>(segment)->magic.store(0);
  EXPECT_THROW(q.put(1), StateError);
  reinterpret_cast<ring::Segment*>(segment)->magic.store(ring::kSegmentMagic ^ ring_of(q).out.segment.load());
  q.put(2);
  EXPECT_EQ(q.get(), 2);
}

TEST(Queue, a_stop_ends_a_wait_and_takes_nothing) {
  Queue<int> q;
  std::stop_source stop;
  std::atomic<bool> waiting{false};
  std::thread waiter([&] {
    waiting = true;
    EXPECT_THROW((void)q.get(stop.get_token()), Stopped);
  });
  while (!waiting) std::this_thread::yield();
  stop.request_stop();
  waiter.join();
  q.put(1);
  EXPECT_EQ(q.get({stop.get_token(), 1s}), 1) << "what is there may be taken after a stop";
}

// Of every way to wait at a queue of `full` items: what it does at a stop.
template <class T>
void expect_stops(Queue<T>& empty, Queue<T>& full, const T& item) {
  std::stop_source stop;
  stop.request_stop();
  const Until until(stop.get_token(), 10s);
  EXPECT_THROW((void)empty.get(until), Stopped);
  EXPECT_EQ(empty.try_get(until), std::nullopt);
  EXPECT_THROW((void)empty.get_many(10, until), Stopped);
  EXPECT_TRUE(empty.get_many(0, until).empty());
  EXPECT_THROW(full.put(item, until), Stopped);
  EXPECT_FALSE(full.try_put(item, until));
  EXPECT_THROW(full.put_many(std::vector<T>{item}, until), Stopped);
  EXPECT_EQ(full.put_many(std::vector<T>{}, until), 0u);
  (void)full.get();
  EXPECT_EQ(full.put_many(std::vector<T>{item, item}, until), 1u) << "one had room, and is in the queue";
  EXPECT_EQ(full.get_many(10, until).size(), 1u) << "what is there is taken";
}

TEST(Queue, a_stop_is_an_error_of_its_own_unless_the_call_only_tries) {
  Queue<int> numbers;
  Queue<int> full_of_numbers(1);
  full_of_numbers.put(1);
  expect_stops(numbers, full_of_numbers, 1);
  Queue<std::string> texts;
  Queue<std::string> full_of_texts(1);
  full_of_texts.put("x");
  expect_stops(texts, full_of_texts, std::string("x"));
}

TEST(Queue, a_stop_ends_loans_and_leaves_them_as_they_are) {
  Queue<std::vector<int>> q(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW((void)q.get_loan(stop.get_token()), Stopped);
  q.put({1});
  auto loan = q.loan(3);
  EXPECT_THROW(q.publish(std::move(loan), stop.get_token()), Stopped);
  EXPECT_EQ(loan.items().size(), 3u);  // NOLINT(bugprone-use-after-move): it is left as it was
  (void)q.get();
  q.publish(std::move(loan), stop.get_token());
  EXPECT_EQ(q.get().size(), 3u);
}

TEST(Queue, threads_share_it) {
  constexpr int kEach = 20000;
  Queue<int> q(500);
  std::vector<std::thread> threads;
  std::atomic<long> sum{0};
  for (int p = 0; p < 3; ++p)
    threads.emplace_back([q, p] {
      for (int i = 0; i < kEach; ++i) q.put(p * kEach + i);
    });
  for (int c = 0; c < 3; ++c)
    threads.emplace_back([q, &sum] {
      std::vector<int> last(3, -1);
      for (int i = 0; i < kEach; ++i) {
        int got = q.get();
        EXPECT_GT(got, last[static_cast<std::size_t>(got / kEach)]);
        last[static_cast<std::size_t>(got / kEach)] = got;
        sum += got;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 3L * kEach * (3L * kEach - 1) / 2);
  EXPECT_TRUE(q.empty());
}

TEST(Queue, threads_share_it_in_batches_and_with_large_items) {
  Queue<std::string> q(64);
  std::vector<std::thread> threads;
  std::atomic<std::size_t> bytes{0}, expected{0};
  for (int p = 0; p < 2; ++p)
    threads.emplace_back([&q, &expected, p] {
      for (std::size_t i = 0; i < 2000; ++i) {
        std::string text((i * 37 + static_cast<std::size_t>(p)) % 20000, static_cast<char>('a' + i % 26));
        expected += text.size();
        q.put(text);
      }
    });
  for (int c = 0; c < 2; ++c)
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < 2000; ++i) {
        std::string text = q.get();
        for (char letter : text) ASSERT_EQ(letter, text[0]);
        bytes += text.size();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bytes, expected);
}

TEST(SimpleQueue, has_python_s_calls) {
  SimpleQueue<std::string> q;
  EXPECT_TRUE(q.empty());
  q.put("a");
  EXPECT_FALSE(q.empty());
  EXPECT_EQ(q.get(), "a");
  q.close();
  q.close();
  EXPECT_TRUE(q.closed());
  EXPECT_THROW((void)q.empty(), ClosedError);
  EXPECT_THROW(q.put("b"), ClosedError);
}

}  // namespace
}  // namespace cohort
