// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The same work by hand: two forked processes on a shared mapping, which claim items with one fetch_add, and no
// guarantee at all.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace {

constexpr std::size_t kMany = 10'000'000;
constexpr std::size_t kMillion = 1'000'000;
constexpr std::size_t kBigItems = 64;
constexpr std::size_t kBigBytes = 1U << 20;
constexpr int kSpins = 20'000;

void require(bool good) {
  if (!good) std::_Exit(4);
}

/// Two workers that wait for rounds of work on shared arrays.
class Farm {
 public:
  explicit Farm(std::size_t count) : count_(count), input_(count), output_(count) {
    for (int i = 0; i < 2; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  Farm(const Farm&) = delete;
  Farm& operator=(const Farm&) = delete;
  ~Farm() {
    control_->count = 0;
    for (auto& word : control_->go) word.post();
  }

  [[nodiscard]] int* input() const { return input_.data(); }
  [[nodiscard]] int* output() const { return output_.data(); }
  void run(std::size_t chunk) {
    control_->next.store(0);
    control_->count = count_;
    control_->chunk = chunk;
    for (auto& word : control_->go) word.post();
    for (auto& word : control_->done) word.take(kSpins);
  }

 private:
  struct Control {
    measure::FutexWord go[2], done[2];
    std::size_t count = 0, chunk = 0;
    alignas(128) std::atomic<std::size_t> next{0};
  };
  void work(int number) {
    for (;;) {
      control_->go[number].take(kSpins);
      std::size_t count = control_->count, chunk = control_->chunk;
      if (count == 0) return;
      for (std::size_t begin = 0; (begin = control_->next.fetch_add(chunk)) < count;) {
        std::size_t end = std::min(begin + chunk, count);
        for (std::size_t i = begin; i < end; ++i) output()[i] = input()[i] + 1;
      }
      control_->done[number].post();
    }
  }

  std::size_t count_;
  measure::Shared<Control> control_;
  measure::SharedArray<int> input_, output_;
  std::vector<measure::Forked> workers_;
};

double rate(std::size_t items, double ns) { return static_cast<double>(items) / ns * 1e9; }

template <class F>
void report_rate(const char* metric, std::size_t items, int times, F&& f) {
  std::vector<double> rates;
  f();
  for (int i = 0; i < times; ++i) rates.push_back(rate(items, measure::time_ns(f)));
  measure::report_median(metric, "items/s", rates);
}

void vectors_automatic() {
  Farm farm(kMany);
  std::vector<int> input(kMany, 1);
  auto call = [&] {
    std::memcpy(farm.input(), input.data(), kMany * sizeof(int));
    farm.run(4096);
    std::vector<int> results(farm.output(), farm.output() + kMany);
    require(results.back() == 2);
  };
  measure::report("10^7 ints, first call", "items/s", {rate(kMany, measure::time_ns(call))});
  report_rate("10^7 ints", kMany, 5, call);
  report_rate("10^7 ints, nothing copied", kMany, 5, [&] { farm.run(4096); });
}

void one_by_one() {
  Farm farm(kMillion);
  std::vector<int> input(kMillion, 1);
  auto call = [&](std::size_t chunk) {
    std::memcpy(farm.input(), input.data(), kMillion * sizeof(int));
    farm.run(chunk);
    std::vector<int> results(farm.output(), farm.output() + kMillion);
    require(results.back() == 2);
  };
  report_rate("10^6 ints, chunk 1", kMillion, 5, [&] { call(1); });
  report_rate("index range", kMillion, 5, [&] { call(4096); });
  report_rate("index range, chunk 1", kMillion, 5, [&] { call(1); });
}

/// One producer and one consumer on a ring of 64-byte slots, and a ring back: a farm of one worker that both spin for.
void queued() {
  constexpr std::uint64_t kTasks = 2'000'000;
  constexpr std::uint64_t kSlots = 1024;
  struct Slot {
    alignas(64) std::atomic<std::uint64_t> turn{0};
    std::uint64_t words[7];
  };
  struct Ring {
    Slot slots[kSlots];
  };
  measure::Shared<Ring> there, back;
  measure::Shared<measure::Gate> gate;
  auto put = [](Ring& ring, std::uint64_t turn, std::uint64_t value) {
    Slot& slot = ring.slots[turn % kSlots];
    while (slot.turn.load(std::memory_order_acquire) != 2 * (turn / kSlots)) measure::pause_in_spin();
    std::fill(slot.words, slot.words + 7, value);
    slot.turn.store(2 * (turn / kSlots) + 1, std::memory_order_release);
  };
  auto take = [](Ring& ring, std::uint64_t turn) {
    Slot& slot = ring.slots[turn % kSlots];
    while (slot.turn.load(std::memory_order_acquire) != 2 * (turn / kSlots) + 1) measure::pause_in_spin();
    std::uint64_t value = slot.words[6];
    slot.turn.store(2 * (turn / kSlots) + 2, std::memory_order_release);
    return value;
  };
  measure::Forked worker([&] {
    gate->meet(2);
    for (std::uint64_t turn = 0; turn < kTasks; ++turn) put(*back, turn, take(*there, turn) + 1);
  });
  gate->meet(2);
  std::uint64_t sum = 0;
  double ns = measure::time_ns([&] {
    constexpr std::uint64_t kWindow = 256;
    for (std::uint64_t turn = 0; turn < kTasks + kWindow; ++turn) {
      if (turn < kTasks) put(*there, turn, turn);
      if (turn >= kWindow) sum += take(*back, turn - kWindow);
    }
  });
  require(sum == kTasks * (kTasks + 1) / 2);
  measure::report("imap_unordered", "tasks/s", {rate(kTasks, ns)});
  measure::report("apply_async", "tasks/s", {rate(kTasks, ns)});
}

/// One process copies into a warm ring of four slots, the other out of it.
void large_arguments() {
  constexpr std::uint32_t kSlots = 4;
  constexpr std::uint32_t kRounds = 10 * kBigItems;
  struct Turns {
    alignas(128) std::atomic<std::uint32_t> in{0};
    alignas(128) std::atomic<std::uint32_t> out{0};
    measure::Gate gate;
  };
  measure::Shared<Turns> turns;
  measure::SharedArray<char> ring(kSlots * kBigBytes);
  std::string source(kBigBytes, 'x');
  measure::Forked worker([&] {
    std::string target(kBigBytes, 'y');
    turns->gate.meet(2);
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      while (turns->in.load(std::memory_order_acquire) == i) measure::pause_in_spin();
      std::memcpy(target.data(), ring.data() + i % kSlots * kBigBytes, kBigBytes);
      turns->out.store(i + 1, std::memory_order_release);
    }
  });
  turns->gate.meet(2);
  double ns = measure::time_ns([&] {
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      while (i - turns->out.load(std::memory_order_acquire) >= kSlots) measure::pause_in_spin();
      std::memcpy(ring.data() + i % kSlots * kBigBytes, source.data(), kBigBytes);
      turns->in.store(i + 1, std::memory_order_release);
    }
    while (turns->out.load(std::memory_order_acquire) != kRounds) measure::pause_in_spin();
  });
  measure::report("64 x 1 MiB", "GB/s", {static_cast<double>(kBigBytes) * kRounds / ns});
}

}  // namespace

int main() {
  vectors_automatic();
  one_by_one();
  queued();
  large_arguments();
}
