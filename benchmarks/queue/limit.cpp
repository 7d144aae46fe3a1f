// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The least that such traffic costs when nobody ever dies: a bounded lock-free ring of fixed slots, warm copies, a
// futex.
#include <sys/mman.h>

#include <cstring>
#include <memory>

#include "rows.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::kMiB;
using queue_bench::Message;
using queue_bench::Words;

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

struct Limit {
  static constexpr std::uint64_t kShare = 64;
  static constexpr std::size_t kMostBytes = 64 * kMiB;

  template <std::size_t n>
  struct Small {
    Small(std::size_t, bool awake, int) : spins(awake ? 2000 : 0) {}
    void put(const Message<n>& message) { ring->put(message, spins); }
    void get(Message<n>& message) { ring->get(message, spins); }
    void end() {}
    measure::Shared<Ring<n>> ring;
    int spins;
  };
  /// Warm buffers that are copied into and out of, and a ring of the numbers of those that are full.
  struct Large {
    Large(std::size_t bytes, std::size_t depth, bool awake, int)
        : words(bytes / 8), spins(awake ? 2000 : 0), memory(bytes / 8 * depth) {
      for (std::size_t i = 0; i < depth; ++i) empty->put({{i}}, spins);
    }
    void put(const Words& message) {
      Message<8> number;
      empty->get(number, spins);
      std::memcpy(memory.data() + number.words[0] * words, message.data(), words * 8);
      full->put(number, spins);
    }
    void get(Words& message) {
      Message<8> number;
      full->get(number, spins);
      std::memcpy(message.data(), memory.data() + number.words[0] * words, words * 8);
      empty->put(number, spins);
    }
    void end() {}
    std::size_t words;
    int spins;
    measure::Shared<Ring<8>> full, empty;
    measure::SharedArray<std::uint64_t> memory;
  };
};

// The consumer makes a vector of each message.
double owning(std::size_t bytes, std::uint64_t total) {
  Limit::Large queue(bytes, 2, true, 1);
  Words message(bytes / 8, 1);
  return static_cast<double>(bytes) * flow(
                                          1, 1, total,
                                          [&](std::uint64_t k) {
                                            message[0] = k;
                                            queue.put(message);
                                          },
                                          [&] {
                                            Message<8> number;
                                            queue.full->get(number, queue.spins);
                                            const std::uint64_t* from =
                                                queue.memory.data() + number.words[0] * queue.words;
                                            Words own(from, from + queue.words);
                                            queue.empty->put(number, queue.spins);
                                            return own[0];
                                          });
}

}  // namespace

int main(int argc, char** argv) {
  queue_bench::fill_rows<Limit>(argc < 2 ? nullptr : argv[1]);
  if (argc >= 2) return 0;
  measure::report("64 MiB, owning vectors", "B/s", {owning(64 * kMiB, 20)});
  measure::report("waiting in get", "% of a core", {0});
}
