// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Queue<T>: rates and round trips. An argument names the only group to run: small, shapes, trips, large, idle.
#include "cohort/channel/queue.hpp"

#include <sys/resource.h>

#include <cstring>

#include "flow.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::Message;

// Bounded, so that the rate is that of both sides and not of one after the other.
constexpr std::size_t kBound = 8192;

template <std::size_t size>
double rate(int producers, int consumers, std::uint64_t total, std::size_t bound = kBound) {
  using M = Message<size>;
  cohort::Queue<M> q(bound);
  return flow(
      producers, consumers, total,
      [&](std::uint64_t k) {
        M message{};
        message.words[0] = k;
        q.put(message);
      },
      [&] { return q.get().words[0]; });
}

template <std::size_t size>
double rate_in_batches(int producers, int consumers, std::uint64_t total) {
  using M = Message<size>;
  constexpr std::size_t kBatch = 64;
  cohort::Queue<M> q(4 * kBound);
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

// Consumers that take in batches may take more than their share; the rate of one consumer is what counts.
void small() {
  measure::report("8 B, 1 to 1", "/s", {rate<8>(1, 1, 4'000'000)});
  measure::report("64 B, 1 to 1", "/s", {rate<64>(1, 1, 4'000'000)});
  measure::report("4 KiB, 1 to 1", "/s", {rate<4096>(1, 1, 200'000, 512)});
  measure::report("64 B in batches, 1 to 1", "/s", {rate_in_batches<64>(1, 1, 8'000'000)});
}

void shapes() {
  measure::report("64 B, 2 to 2", "/s", {rate<64>(2, 2, 4'000'000)});
  measure::report("64 B, 8 to 8", "/s", {rate<64>(8, 8, 4'000'000)});
}

template <class Get>
void trips(const std::string& name, int count, std::chrono::microseconds pause, Get&&) {
  using M = Message<64>;
  cohort::Queue<M> there, back;
  queue_bench::report_round_trips(name, queue_bench::round_trips(
                                            count, pause,
                                            [&](std::uint64_t k) {
                                              M message{};
                                              message.words[0] = k;
                                              there.put(message);
                                              if (back.get().words[0] != k) std::_Exit(4);
                                            },
                                            [&] { back.put(there.get()); }));
}

void large() {
  {
    constexpr std::size_t kBytes = 1 << 20;
    cohort::Queue<std::vector<std::uint64_t>> q(4);
    std::vector<std::uint64_t> message(kBytes / 8, 1), got;
    double per_second = flow(
        1, 1, 4000,
        [&](std::uint64_t k) {
          message[0] = k;
          q.put(message);
        },
        [&] {
          auto loan = q.get_loan();
          got.assign(loan.items().begin(), loan.items().end());
          return got[0];
        });
    measure::report("1 MiB, copied in and out", "B/s", {per_second * kBytes});
    per_second = flow(
        1, 1, 20000,
        [&](std::uint64_t k) {
          auto loan = q.loan(kBytes / 8);
          loan.items()[0] = k;
          q.publish(std::move(loan));
        },
        [&] { return q.get_loan().items()[0]; });
    measure::report("1 MiB, in place", "/s", {per_second});
  }
  constexpr std::size_t kBytes = 64 << 20;
  cohort::Queue<std::vector<std::uint64_t>> q(2);
  std::vector<std::uint64_t> message(kBytes / 8, 1);
  measure::report("64 MiB, owning vectors", "B/s",
                  {flow(
                       1, 1, 30,
                       [&](std::uint64_t k) {
                         message[0] = k;
                         q.put(message);
                       },
                       [&] { return q.get()[0]; }) *
                   kBytes});
  measure::report("64 MiB, in place", "/s",
                  {flow(
                      1, 1, 20000,
                      [&](std::uint64_t k) {
                        auto loan = q.loan(kBytes / 8);
                        loan.items()[0] = k;
                        q.publish(std::move(loan));
                      },
                      [&] { return q.get_loan().items()[0]; })});
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
    (void)q.try_get_for(50ms);
    double before = processor_ns();
    (void)q.try_get_for(1s);
    used->store((processor_ns() - before) / 1e9 * 100);
  });
  waiter.join();
  measure::report("waiting in get", "% of a core", {used->load()});
}

}  // namespace

int main(int argc, char** argv) {
  auto wanted = [&](const char* group) { return argc < 2 || std::strcmp(argv[1], group) == 0; };
  if (wanted("small")) small();
  if (wanted("shapes")) shapes();
  if (wanted("trips")) {
    trips("round trip 64 B, awake", 100'000, 0us, 0);
    trips("round trip 64 B, asleep", 300, 2000us, 0);
  }
  if (wanted("large")) large();
  if (wanted("idle")) idle();
}
