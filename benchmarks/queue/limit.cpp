// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The least that such traffic costs when nobody ever dies: a bounded lock-free ring of fixed slots, warm copies, a futex.
#include <sys/mman.h>

#include <cstring>
#include <memory>

#include "flow.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::Message;

/// Bounded many-to-many ring after Vyukov: a slot's turn says whose it is.
template <std::size_t size>
class Ring {
 public:
  static constexpr std::uint64_t kSlots = size <= 64 ? 8192 : 512;
  Ring() {
    for (std::uint64_t i = 0; i < kSlots; ++i) slots_[i].turn = i;
  }
  void put(const Message<size>& message, int spins) {
    wait(room_, spins, [&] { return try_put(message); });
    tell(items_);
  }
  void get(Message<size>& message, int spins) {
    wait(items_, spins, [&] { return try_get(message); });
    tell(room_);
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> turn;
    Message<size> message;
  };
  struct Event {
    alignas(128) std::atomic<std::uint32_t> word{0};
    std::atomic<std::uint32_t> sleepers{0};
  };
  bool try_put(const Message<size>& message) {
    std::uint64_t at = in_.load(std::memory_order_relaxed);
    while (true) {
      Slot& slot = slots_[at % kSlots];
      auto ahead = static_cast<std::int64_t>(slot.turn.load(std::memory_order_acquire) - at);
      if (ahead < 0) return false;
      if (ahead > 0) {
        at = in_.load(std::memory_order_relaxed);
      } else if (in_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        slot.message = message;
        slot.turn.store(at + 1, std::memory_order_release);
        return true;
      }
    }
  }
  bool try_get(Message<size>& message) {
    std::uint64_t at = out_.load(std::memory_order_relaxed);
    while (true) {
      Slot& slot = slots_[at % kSlots];
      auto ahead = static_cast<std::int64_t>(slot.turn.load(std::memory_order_acquire) - (at + 1));
      if (ahead < 0) return false;
      if (ahead > 0) {
        at = out_.load(std::memory_order_relaxed);
      } else if (out_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        message = slot.message;
        slot.turn.store(at + kSlots, std::memory_order_release);
        return true;
      }
    }
  }
  template <class Try>
  void wait(Event& event, int spins, Try&& ready) {
    while (true) {
      for (int i = 0; i <= spins; ++i) {
        if (ready()) return;
        // Where both share a processor, the other one runs only now.
        if (i % 64 == 63)
          ::sched_yield();
        else
          measure::pause_in_spin();
      }
      event.sleepers.fetch_add(1);
      std::uint32_t word = event.word.load();
      bool done = ready();
      if (!done) measure::futex(event.word, FUTEX_WAIT, word);
      event.sleepers.fetch_sub(1);
      if (done) return;
    }
  }
  void tell(Event& event) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (event.sleepers.load(std::memory_order_relaxed) == 0) return;
    event.word.fetch_add(1);
    measure::futex(event.word, FUTEX_WAKE, 1);
  }

  alignas(128) std::atomic<std::uint64_t> in_{0};
  alignas(128) std::atomic<std::uint64_t> out_{0};
  Event items_, room_;
  std::array<Slot, kSlots> slots_;
};

template <std::size_t size>
double rate(int producers, int consumers, std::uint64_t total) {
  measure::Shared<Ring<size>> ring;
  return flow(
      producers, consumers, total,
      [&](std::uint64_t k) {
        Message<size> message{};
        message.words[0] = k;
        ring->put(message, 500);
      },
      [&] {
        Message<size> message;
        ring->get(message, 500);
        return message.words[0];
      });
}

void trips(const std::string& name, int count, std::chrono::microseconds pause, int spins) {
  struct Pair {
    Ring<64> there, back;
  };
  measure::Shared<Pair> pair;
  Message<64> request{}, answer{};
  queue_bench::report_round_trips(name, queue_bench::round_trips(
                                            count, pause,
                                            [&](std::uint64_t k) {
                                              request.words[0] = k;
                                              pair->there.put(request, spins);
                                              pair->back.get(answer, spins);
                                            },
                                            [&] {
                                              pair->there.get(answer, spins);
                                              pair->back.put(answer, spins);
                                            }));
}

/// Buffers that are copied into and out of, through a ring of their numbers.
double copied(std::size_t bytes, int buffers, std::uint64_t total, bool owning) {
  measure::Shared<Ring<64>> full, empty;
  measure::SharedArray<std::uint64_t> memory(bytes / 8 * static_cast<std::size_t>(buffers));
  std::vector<std::uint64_t> message(bytes / 8, 1), kept(bytes / 8);
  Message<64> number{};
  for (int i = 0; i < buffers; ++i) {
    number.words[1] = static_cast<std::uint64_t>(i);
    empty->put(number, 0);
  }
  return static_cast<double>(bytes) *
         flow(
             1, 1, total,
             [&](std::uint64_t k) {
               message[0] = k;
               empty->get(number, 2000);
               std::memcpy(memory.data() + number.words[1] * (bytes / 8), message.data(), bytes);
               full->put(number, 2000);
             },
             [&] {
               full->get(number, 2000);
               const std::uint64_t* from = memory.data() + number.words[1] * (bytes / 8);
               std::vector<std::uint64_t> own;
               if (owning)
                 own.assign(from, from + bytes / 8);
               else
                 std::memcpy(kept.data(), from, bytes);
               empty->put(number, 2000);
               return owning ? own[0] : kept[0];
             });
}

}  // namespace

int main() {
  measure::report("8 B, 1 to 1", "/s", {rate<8>(1, 1, 4'000'000)});
  measure::report("64 B, 1 to 1", "/s", {rate<64>(1, 1, 4'000'000)});
  measure::report("4 KiB, 1 to 1", "/s", {rate<4096>(1, 1, 200'000)});
  measure::report("64 B, 2 to 2", "/s", {rate<64>(2, 2, 4'000'000)});
  measure::report("64 B, 8 to 8", "/s", {rate<64>(8, 8, 4'000'000)});
  trips("round trip 64 B, awake", 100'000, 0us, 2000);
  trips("round trip 64 B, asleep", 300, 2000us, 0);
  measure::report("1 MiB, copied in and out", "B/s", {copied(1 << 20, 2, 4000, false)});
  measure::report("64 MiB, owning vectors", "B/s", {copied(64 << 20, 2, 30, true)});
  measure::report("waiting in get", "% of a core", {0});
}
