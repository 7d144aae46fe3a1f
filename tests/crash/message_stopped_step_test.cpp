// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Stops a process (as SIGSTOP does) after single instructions of what it does with a queue or a pipe, and asserts that
// the deadlines of the others hold while it is stopped, and that nothing is lost when it goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cohort/connection/pipe.hpp"
#include "cohort/queue/joinable_queue.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/shared/shared_memory.hpp"
#include "cohort/sync/barrier.hpp"
#include "cohort/sync/lock.hpp"
#include "crash/single_step.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"

namespace cohort::testing {

// A handle that is looked up when something has been done before.
struct Late {
  static inline std::function<void()> before;
  Lock lock;
};

}  // namespace cohort::testing

template <>
struct cohort::Codec<cohort::testing::Late> {
  static void encode(Encoder& out, const cohort::testing::Late& item) { Codec<Lock>::encode(out, item.lock); }
  static cohort::testing::Late decode(Decoder& in) {
    if (cohort::testing::Late::before) cohort::testing::Late::before();
    return {Codec<Lock>::decode(in)};
  }
};

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What a call may take on a machine that is busy. Without its deadline it would take as long as the victim is stopped:
// for ever.
constexpr auto kBound = 5s;

struct Things {
  Queue<std::uint64_t> numbers;
  Queue<std::string> texts;  // small ones in the ring, large ones in blocks
  Queue<Lock> handles;
  JoinableQueue<std::string> jobs{{.redeliver = true}};
  std::pair<Connection, Connection> pipe = Pipe();
  SharedMemory memory{Bytes(100)};
};

// What another process does meanwhile, each call with a deadline. Returns what it got, to be counted.
struct Got {
  std::uint64_t numbers = 0, texts = 0, handles = 0, jobs = 0, messages = 0, answers = 0;
  std::uint64_t unfinished = 0;  // of the jobs
};
void use_all(Things& things, Got& got, Got& put) {
  auto timed = [](const char* what, auto call) {
    auto start = Clock::now();
    call();
    EXPECT_LT(Clock::now() - start, kBound) << what << " outlived its deadline";
  };
  const std::string large(20000, 'x');
  timed("try_put of a number", [&] { put.numbers += things.numbers.try_put(7, 2ms) ? 1 : 0; });
  timed("try_get of a number", [&] { got.numbers += things.numbers.try_get(2ms) ? 1 : 0; });
  timed("try_put of a large text", [&] { put.texts += things.texts.try_put(large, 2ms) ? 1 : 0; });
  timed("try_get of a text", [&] { got.texts += things.texts.try_get(2ms) ? 1 : 0; });
  timed("try_get of a handle", [&] { got.handles += things.handles.try_get(2ms) ? 1 : 0; });
  timed("try_get of a job", [&] {
    if (!things.jobs.try_get(2ms)) return;
    ++got.jobs;
    ++got.unfinished;
  });
  if (got.unfinished != 0)
    timed("task_done", [&] {
      try {
        things.jobs.task_done(2ms);
        --got.unfinished;
      } catch (const TimeoutError&) {}
    });
  timed("try_send of a large text", [&] { put.answers += things.pipe.first.try_send(large, 2ms) ? 1 : 0; });
  timed("try_recv of a large text", [&] { got.answers += things.pipe.second.try_recv<std::string>(2ms) ? 1 : 0; });
  timed("resize", [&] {
    try {
      things.memory.resize(Bytes(things.memory.size() == 100 ? 60 : 100), 2ms);
    } catch (const TimeoutError&) {}
  });
  timed("poll", [&] { (void)things.pipe.first.poll(2ms); });
  timed("try_recv_bytes", [&] { got.messages += things.pipe.first.try_recv_bytes(2ms) ? 1 : 0; });
}

class StoppedPeer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
    (void)family::Family::instance().self();
  }

  // The victim does `operation`, which puts and takes `done`; it is stopped some 50 times on its way.
  void stop_on_the_way(const std::function<void(Things&)>& prepare, const std::function<void(Things&)>& operation,
                       const Got& victim_put, const Got& victim_got, const Got& prepared) {
    long steps = 0;
    {
      Things things;
      prepare(things);
      Stepped victim([&] { (void)things.numbers.qsize(); }, [&] { operation(things); });
      while (victim.step(1)) ++steps;
    }
    ASSERT_GT(steps, 50);
    const long stride = std::max(1L, steps / 50);
    Things things;
    prepare(things);
    Got got, put;
    {
      Stepped victim([&] { (void)things.numbers.qsize(); }, [&] { operation(things); });
      for (long at = 0; at < 2 * steps && !HasFailure(); at += stride) {
        SCOPED_TRACE("stopped after " + std::to_string(at) + " of " + std::to_string(steps) + " instructions");
        if (!victim.step(stride)) break;
        use_all(things, got, put);
      }
      while (!HasFailure() && victim.step(1'000'000)) {}  // to the end of what it does
    }
    // The victim has ended what it did; now all is there.
    Got rest;
    while (things.numbers.try_get()) ++rest.numbers;
    while (things.texts.try_get()) ++rest.texts;
    while (things.handles.try_get()) ++rest.handles;
    for (; things.jobs.try_get(); ++got.unfinished) ++rest.jobs;
    for (; got.unfinished != 0; --got.unfinished) things.jobs.task_done();
    EXPECT_TRUE(things.jobs.join(60s));
    while (things.pipe.second.try_recv<std::string>()) ++rest.answers;
    while (things.pipe.first.try_recv_bytes()) ++rest.messages;
    EXPECT_EQ(got.numbers + rest.numbers + victim_got.numbers, put.numbers + victim_put.numbers + prepared.numbers);
    EXPECT_EQ(got.texts + rest.texts + victim_got.texts, put.texts + victim_put.texts + prepared.texts);
    EXPECT_EQ(got.handles + rest.handles + victim_got.handles, victim_put.handles + prepared.handles);
    EXPECT_EQ(got.jobs + rest.jobs + victim_got.jobs, victim_put.jobs + prepared.jobs);
    EXPECT_EQ(got.answers + rest.answers, put.answers);
    EXPECT_EQ(got.messages + rest.messages, victim_put.messages + prepared.messages);
    EXPECT_STREQ(family::Family::instance().validate(), nullptr);
  }
  static void nothing(Things&) {}
};

TEST_F(StoppedPeer, that_puts_a_number_holds_no_deadline) {
  stop_on_the_way(nothing, [](Things& t) { t.numbers.put(1); }, {.numbers = 1}, {}, {});
}

TEST_F(StoppedPeer, that_puts_a_large_text_holds_no_deadline) {
  stop_on_the_way(nothing, [](Things& t) { t.texts.put(std::string(20000, 'v')); }, {.texts = 1}, {}, {});
}

TEST_F(StoppedPeer, that_puts_a_handle_holds_no_deadline) {
  stop_on_the_way(nothing, [](Things& t) { t.handles.put(Lock()); }, {.handles = 1}, {}, {});
}

TEST_F(StoppedPeer, that_allocates_and_frees_holds_no_deadline) {
  stop_on_the_way(nothing,
                  [](Things&) {
                    auto& family = family::Family::instance();
                    family.free(family.allocate(100'000, family.self()));
                  },
                  {}, {}, {});
}

TEST_F(StoppedPeer, that_puts_a_job_holds_no_deadline) {
  stop_on_the_way(nothing, [](Things& t) { t.jobs.put("job"); }, {.jobs = 1}, {}, {});
}

TEST_F(StoppedPeer, that_looks_a_handle_up_holds_no_deadline) {
  stop_on_the_way(
      [](Things& t) {
        for (int i = 0; i < 3; ++i) t.handles.put(Lock());
      },
      // Back: whether it got one depends on where it was stopped.
      [](Things& t) {
        if (auto handle = t.handles.try_get()) t.handles.put(*handle);
      },
      {}, {}, {.handles = 3});
}

TEST_F(StoppedPeer, that_ends_a_job_holds_no_deadline) {
  stop_on_the_way([](Things& t) { t.jobs.put("job"); },
                  [](Things& t) {
                    auto job = t.jobs.try_get();
                    if (!job) return;
                    t.jobs.put(*job);
                    t.jobs.task_done();
                  },
                  {}, {}, {.jobs = 1});
}

TEST_F(StoppedPeer, that_resizes_memory_holds_no_deadline) {
  stop_on_the_way(nothing, [](Things& t) { t.memory.resize(Bytes(5000)); }, {}, {}, {});
}

TEST_F(StoppedPeer, that_sends_holds_no_deadline) {
  stop_on_the_way(nothing,
                  [](Things& t) {
                    const std::vector<std::byte> bytes(20000);
                    t.pipe.second.send_bytes(bytes);
                  },
                  {.messages = 1}, {}, {});
}

// The item is taken already when its handle is looked up, so that giving up would lose it.
TEST_F(StoppedPeer, that_stops_between_an_item_and_the_look_up_of_its_handle_holds_no_deadline) {
  auto& family = family::Family::instance();
  auto& objects_lock = family.header().objects.lock.word;
  const std::uint64_t before = object::Objects(family).count(detail::ObjectKind::lock);
  {
    Queue<Late> queue;
    auto pipe = Pipe();
    for (int i = 0; i < 2; ++i) queue.put(Late{Lock()});
    pipe.first.send(Late{Lock()});
    for (const char* how : {"queue", "queue again", "pipe"}) {
      SCOPED_TRACE(how);
      // Stopped where it holds the lock of all objects.
      Stepped victim([&] { (void)queue.qsize(); }, [] { Lock made; });
      Late::before = [&] {
        while (objects_lock.load() == 0) ASSERT_TRUE(victim.step(1));
      };
      auto start = Clock::now();
      std::optional<Late> got = how[0] == 'q' ? queue.try_get(2ms) : pipe.second.try_recv<Late>(2ms);
      EXPECT_LT(Clock::now() - start, kBound) << "the item outlived its deadline";
      Late::before = nullptr;
      ASSERT_TRUE(got);
      ASSERT_NE(objects_lock.load(), 0U) << "the victim has gone on";
      start = Clock::now();
      EXPECT_TRUE(got->lock.acquire(2ms));
      Lock copy = got->lock;
      EXPECT_FALSE(copy.acquire(2ms));
      got->lock.release();
      if (std::string_view(how) == "queue again") {  // never had a reference of its own
        got.reset();
        copy = Lock(null_handle);
      }
      EXPECT_LT(Clock::now() - start, kBound) << "the use of the handle outlived its deadline";
      while (victim.step(1'000'000)) {}
      if (!got) continue;
      EXPECT_TRUE(copy.acquire(2ms));  // by a reference of its own now
      copy.release();
    }
  }
  Lock last;  // what was put off is done
  EXPECT_EQ(object::Objects(family).count(detail::ObjectKind::lock), before + 1);
  EXPECT_STREQ(family.validate(), nullptr);
}

TEST_F(StoppedPeer, that_comes_to_a_barrier_holds_no_deadline) {
  Barrier barrier(3);
  (void)barrier.n_waiting();
  long steps = 0;
  bool broken = false;
  Stepped victim([&] { (void)barrier.n_waiting(); }, [&] { (void)!barrier.broken(); });
  for (; victim.step(1) && !HasFailure(); ++steps) {
    if (steps % 4 != 0) continue;
    auto start = Clock::now();
    try {
      (void)barrier.wait(1ms);
    } catch (const TimeoutError&) {
    } catch (const BrokenBarrierError&) { broken = true; }
    EXPECT_LT(Clock::now() - start, kBound);
  }
  EXPECT_TRUE(broken);
  EXPECT_GT(steps, 10);
}

}  // namespace
}  // namespace cohort::testing
