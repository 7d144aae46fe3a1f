// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Queue<T>: rates and round trips. An argument names the only group to run: small, large, trips, more, idle.
#include "cohort/queue/queue.hpp"

#include <algorithm>
#include <span>

#include "rows.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::kMiB;
using queue_bench::Message;
using queue_bench::Words;

struct Cohort {
  static constexpr std::uint64_t kShare = 64;
  static constexpr std::size_t kMostBytes = 64 * kMiB;

  template <std::size_t n>
  struct Small {
    // Bounded, so that the rate is that of both sides and not of one after the other.
    Small(std::size_t depth, bool, int) : queue(depth) {}
    void put(const Message<n>& message) { queue.put(message); }
    void get(Message<n>& message) { message = queue.get(); }
    void end() {}
    cohort::Queue<Message<n>> queue;
  };
  struct Large {
    Large(std::size_t, std::size_t depth, bool, int) : queue(depth) {}
    void put(const Words& message) { queue.put(message); }
    void get(Words& message) {
      auto loan = queue.get_loan();
      std::copy(loan.items().begin(), loan.items().end(), message.begin());
    }
    void end() {}
    cohort::Queue<Words> queue;
  };
};

template <std::size_t size>
double rate_in_batches(int producers, int consumers, std::uint64_t total) {
  using M = Message<size>;
  constexpr std::size_t kBatch = 64;
  cohort::Queue<M> q(32768);
  std::vector<M> out(kBatch), in;
  std::size_t used = 0, next = 0;
  const std::uint64_t each = total / static_cast<std::uint64_t>(producers);
  return flow(
      producers, consumers, total,
      [&](std::uint64_t k) {
        out[used++].words[0] = k;
        if (used == kBatch || k == each) {
          q.put_many(std::span(out.data(), used));
          used = 0;
        }
      },
      [&] {
        if (next == in.size()) {
          q.get_many_into(in, kBatch);
          next = 0;
        }
        return in[next++].words[0];
      });
}

// What has no counterpart elsewhere. `in place`: one word is written and read, so the rate is that of the hand-over.
void more() {
  // Consumers that take in batches may take more than their share; the rate of one consumer is what counts.
  measure::report("64 B in batches, 1 to 1", "/s", {rate_in_batches<64>(1, 1, 8'000'000)});
  for (std::size_t bytes : {kMiB, 64 * kMiB}) {
    cohort::Queue<Words> q(4);
    measure::report(bytes == kMiB ? "1 MiB, in place" : "64 MiB, in place", "/s",
                    {flow(
                        1, 1, 20000,
                        [&](std::uint64_t k) {
                          auto loan = q.loan(bytes / 8);
                          loan.items()[0] = k;
                          q.publish(std::move(loan));
                        },
                        [&] { return q.get_loan().items()[0]; })});
  }
  cohort::Queue<Words> q(2);
  Words message(64 * kMiB / 8, 1);
  double rate = flow(
      1, 1, 20,
      [&](std::uint64_t k) {
        message[0] = k;
        q.put(message);
      },
      [&] { return q.get()[0]; });
  measure::report("64 MiB, owning vectors", "B/s", {rate * 64 * kMiB});
}

// Processor time of a process that waits in get() for a second.
void idle() {
  cohort::Queue<int> q;
  measure::Shared<std::atomic<double>> used;
  measure::Forked waiter([&] {
    auto processor_ns = [] {
      timespec time{};
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
    };
    (void)q.try_get(50ms);
    double before = processor_ns();
    (void)q.try_get(1s);
    used->store((processor_ns() - before) / 1e9 * 100);
  });
  waiter.join();
  measure::report("waiting in get", "% of a core", {used->load()});
}

}  // namespace

int main(int argc, char** argv) {
  const char* only = argc < 2 ? nullptr : argv[1];
  queue_bench::fill_rows<Cohort>(only);
  auto wanted = [&](const char* group) { return only == nullptr || std::strcmp(only, group) == 0; };
  if (wanted("more")) more();
  if (wanted("idle")) idle();
}
