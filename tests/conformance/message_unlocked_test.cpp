// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The user's code runs under no lock of queues and pipes: codecs and input ranges may use the object that they are
// drawn or encoded for, and so may other threads meanwhile.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/queue.hpp"
#include "cohort/wire/codec.hpp"
#include "support/elsewhere.hpp"

namespace cohort::test {
namespace {

// What the codec of an item does beside.
std::function<void()> when_encoded;
std::function<void()> when_decoded;

// Calls once: what it does may encode and decode, too.
void call_once(std::function<void()>& function) {
  if (auto call = std::exchange(function, nullptr)) call();
}

}  // namespace

// Of `size` bytes beside its number: above 8 KiB it lies in a block.
struct Talkative {
  std::uint32_t number = 0;
  std::uint32_t size = 0;
};

}  // namespace cohort::test

template <>
struct cohort::Codec<cohort::test::Talkative> {
  static void encode(Encoder& out, const cohort::test::Talkative& item) {
    out.write_raw(item.number);
    cohort::test::call_once(cohort::test::when_encoded);
    Codec<std::string>::encode(out, std::string(item.size, 'x'));
  }
  static cohort::test::Talkative decode(Decoder& in) {
    auto number = in.read_raw<std::uint32_t>();
    cohort::test::call_once(cohort::test::when_decoded);
    return {number, static_cast<std::uint32_t>(Codec<std::string>::decode(in).size())};
  }
};

namespace cohort::test {
namespace {

using namespace std::chrono_literals;

// An input range whose iterator calls something at each step.
class CallingRange {
 public:
  class Iterator {
   public:
    using value_type = Talkative;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(const CallingRange* range) : range_(range) {}
    const Talkative& operator*() const {
      range_->at_each_();
      return item_;
    }
    Iterator& operator++() {
      ++item_.number;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return item_.number == range_->count_; }

   private:
    const CallingRange* range_ = nullptr;
    Talkative item_;
  };
  CallingRange(std::uint32_t count, std::function<void()> at_each) : count_(count), at_each_(std::move(at_each)) {}
  [[nodiscard]] Iterator begin() const { return Iterator(this); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  std::uint32_t count_;
  std::function<void()> at_each_;
};

// Whether the call ends though the codecs use the object again, and does not hang.
void expect_end(const char* what, std::function<void()> call) {
  EXPECT_TRUE(ends_elsewhere(std::move(call))) << what << " does not end";
}

// All that a queue can do, without waiting; from this thread and from another one.
template <class Q>
void use_here_and_elsewhere(const Q& queue) {
  auto use = [queue] {
    (void)queue.qsize();
    (void)queue.empty();
    (void)queue.full();
    (void)queue.try_put({100, 0});
    (void)queue.try_put({101, 20'000});
    (void)queue.try_get();
    (void)queue.get_many(1, Deadline::now());
  };
  use();
  expect_end("a call from another thread", use);
}

template <class Q>
void check_queue(Q queue) {
  for (std::uint32_t size : {0U, 20'000U}) {
    expect_end("a put whose codec uses the queue", [queue, size] {
      when_encoded = [queue] { use_here_and_elsewhere(queue); };
      queue.put({1, size});
    });
    expect_end("a get whose codec uses the queue", [queue, size] {
      when_encoded = nullptr;
      queue.put({2, size});
      when_decoded = [queue] { use_here_and_elsewhere(queue); };
      (void)queue.get();
    });
    expect_end("a get_many whose codec uses the queue", [queue, size] {
      queue.put({3, size});
      when_decoded = [queue] { use_here_and_elsewhere(queue); };
      (void)queue.get_many(3);
    });
  }
  expect_end("a put_many whose range uses the queue",
             [queue] { EXPECT_EQ(queue.put_many(CallingRange(3, [queue] { use_here_and_elsewhere(queue); })), 3U); });
  expect_end("a put_many whose codec uses the queue", [queue] {
    when_encoded = [queue] { use_here_and_elsewhere(queue); };
    const std::vector<Talkative> items{{1, 0}, {2, 20'000}};
    EXPECT_EQ(queue.put_many(items), 2U);
  });
  when_encoded = when_decoded = nullptr;
}

TEST(Unlocked, codecs_and_ranges_may_use_their_queue) { check_queue(Queue<Talkative>()); }

TEST(Unlocked, codecs_and_ranges_may_use_their_joinable_queue) {
  check_queue(JoinableQueue<Talkative>());
  check_queue(JoinableQueue<Talkative>({.redeliver = true}));
}

TEST(Unlocked, a_codec_may_finish_items_of_its_queue) {
  JoinableQueue<Talkative> queue({.redeliver = true});
  queue.put({1, 0});
  expect_end("a get whose codec ends another item", [queue] {
    (void)queue.get();
    queue.put({2, 0});
    when_decoded = [queue] {
      queue.task_done();
      expect_end("a call from another thread", [queue] { (void)queue.join(Deadline::now()); });
    };
    (void)queue.get();
    queue.task_done();
    queue.join();
  });
}

// Both ends of it, from this thread and another one. The messages that this sends are received by it.
void use_ends(Connection here, Connection there) {
  auto use = [here, there]() mutable {
    EXPECT_TRUE(here.try_send(Talkative{100, 0}, 30s));
    EXPECT_TRUE(there.try_recv<Talkative>(30s));
    EXPECT_TRUE(there.try_send(Talkative{101, 20'000}, 30s));
    EXPECT_TRUE(here.try_recv<Talkative>(30s));
    (void)here.poll();
  };
  use();
  expect_end("a call from another thread", use);
}

void check_pipe(const PipeOptions& options) {
  auto [a, b] = Pipe(options);
  expect_end("a send whose codec uses both ends", [a = a, b = b]() mutable {
    when_encoded = [a, b] { use_ends(a, b); };
    a.send(Talkative{1, 20'000});
    EXPECT_EQ(b.recv<Talkative>().number, 1U);
  });
  expect_end("a try_send whose codec uses both ends", [a = a, b = b]() mutable {
    when_encoded = [a, b] { use_ends(a, b); };
    EXPECT_TRUE(a.try_send(Talkative{2, 0}, 30s));
    EXPECT_EQ(b.recv<Talkative>().number, 2U);
  });
  expect_end("a recv whose codec uses both ends", [a = a, b = b]() mutable {
    a.send(Talkative{3, 20'000});
    when_decoded = [a, b] { use_ends(a, b); };
    EXPECT_EQ(b.recv<Talkative>().number, 3U);
  });
  expect_end("a try_recv whose codec uses both ends", [a = a, b = b]() mutable {
    a.send(Talkative{4, 0});
    when_decoded = [a, b] { use_ends(a, b); };
    auto got = b.try_recv<Talkative>(30s);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->number, 4U);
  });
  when_encoded = when_decoded = nullptr;
}

TEST(Unlocked, codecs_may_use_their_pipe_in_memory) { check_pipe({}); }
TEST(Unlocked, codecs_may_use_their_pipe_of_descriptors) { check_pipe({.transport = Transport::socket}); }

TEST(Unlocked, a_codec_may_close_the_end_that_it_is_sent_through) {
  auto [a, b] = Pipe();
  expect_end("a send whose codec closes the end", [a = a]() mutable {
    when_encoded = [a]() mutable { a.close(); };
    EXPECT_THROW(a.send(Talkative{1, 0}), ClosedError);
  });
  when_encoded = nullptr;
}

}  // namespace
}  // namespace cohort::test
