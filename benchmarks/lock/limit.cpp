// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The least that a lock costs which can sleep: compare-exchange, exchange, and a futex after a short spin. It does not
// survive its holder.
#include "fight.hpp"

namespace {

class Mutex {
 public:
  void acquire() {
    std::uint32_t seen = 0;
    if (word_.compare_exchange_strong(seen, 1, std::memory_order_acquire)) return;
    for (int i = 0; i < 200; ++i) {
      measure::pause_in_spin();
      seen = word_.load(std::memory_order_relaxed);
      if (seen == 0 && word_.compare_exchange_strong(seen, 1, std::memory_order_acquire)) return;
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) measure::futex(word_, FUTEX_WAIT, 2);
  }
  void release() {
    if (word_.exchange(0, std::memory_order_release) == 2) measure::futex(word_, FUTEX_WAKE, 1);
  }

 private:
  alignas(128) std::atomic<std::uint32_t> word_{0};
};

class Count {
 public:
  void acquire() {
    while (true) {
      std::uint32_t seen = word_.load(std::memory_order_relaxed);
      if (seen != 0 && word_.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire)) return;
      measure::pause_in_spin();
    }
  }
  void release() { word_.fetch_add(1, std::memory_order_release); }

 private:
  alignas(128) std::atomic<std::uint32_t> word_{1};
};

}  // namespace

int main() {
  measure::Shared<Mutex> mutex;
  measure::Shared<Count> count;
  auto take = [&] { mutex->acquire(); };
  auto give = [&] { mutex->release(); };
  double lock = lock_bench::alone(take, give);
  for (const char* metric : {"lock, alone", "recursive lock, alone", "reading, alone"})
    measure::report(metric, "ns", {lock});
  auto wait = [&] { count->acquire(); };
  auto post = [&] { count->release(); };
  measure::report("semaphore, alone", "ns", {lock_bench::alone(wait, post)});
  lock_bench::fight("lock, 2 processes", 2, take, give);
  lock_bench::fight("lock, 8 processes", 8, take, give);
  lock_bench::fight("semaphore, 2 processes", 2, wait, post);
}
