// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Asleep: a bare socket pair. Awake and one way: a piece of memory that two processes hand to and fro by a word; they
// copy in and out, in pieces that stay warm, and no one may die.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/shared_page.hpp"
#include "pipe/sizes.hpp"

namespace {

using Buffer = std::vector<std::byte>;

constexpr std::size_t kPiece = std::size_t{128} << 10;
constexpr std::size_t kPieces = 2;
constexpr int kSpins = 20'000;

/// One direction: pieces that are full or empty in turn. Both sides spin.
struct Lane {
  struct alignas(128) Slot {
    std::atomic<std::uint32_t> full{0};
    alignas(128) std::byte bytes[kPiece];
  };
  static void wait(std::atomic<std::uint32_t>& word, std::uint32_t value) {
    for (int i = 0; word.load(std::memory_order_acquire) != value; ++i) {
      if (i < kSpins)
        measure::pause_in_spin();
      else
        ::sched_yield();
    }
  }
  void send(std::size_t& at, const std::byte* from, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      Slot& slot = slots[at++ % kPieces];
      std::size_t now = std::min(size - done, kPiece);
      wait(slot.full, 0);
      std::memcpy(slot.bytes, from + done, now);
      slot.full.store(1, std::memory_order_release);
      done += now;
    }
  }
  void receive(std::size_t& at, std::byte* to, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      Slot& slot = slots[at++ % kPieces];
      std::size_t now = std::min(size - done, kPiece);
      wait(slot.full, 1);
      std::memcpy(to + done, slot.bytes, now);
      slot.full.store(0, std::memory_order_release);
      done += now;
    }
  }
  Slot slots[kPieces];
};

struct Table {
  Lane there, back;
};

/// Small messages one way: a ring of one writer and one reader.
struct Ring {
  static constexpr std::size_t kBytes = 1 << 16;
  alignas(128) std::atomic<std::uint64_t> in{0};
  alignas(128) std::atomic<std::uint64_t> out{0};
  alignas(128) std::byte bytes[kBytes];
};

void ring_send(Ring& ring, std::uint64_t& in, std::uint64_t& known, const std::byte* from, std::size_t size) {
  while (in + size - known > Ring::kBytes) {
    known = ring.out.load(std::memory_order_acquire);
    if (in + size - known > Ring::kBytes) measure::pause_in_spin();
  }
  std::memcpy(ring.bytes + in % Ring::kBytes, from, size);
  in += size;
  ring.in.store(in, std::memory_order_release);
}

void ring_receive(Ring& ring, std::uint64_t& out, std::uint64_t& known, std::byte* to, std::size_t size) {
  while (known - out < size) {
    known = ring.in.load(std::memory_order_acquire);
    if (known - out < size) measure::pause_in_spin();
  }
  std::memcpy(to, ring.bytes + out % Ring::kBytes, size);
  out += size;
  ring.out.store(out, std::memory_order_release);
}

void read_all(int fd, std::byte* to, std::size_t size) {
  for (std::size_t have = 0; have < size;) {
    ssize_t n = ::read(fd, to + have, size - have);
    if (n <= 0) ::_exit(0);
    have += static_cast<std::size_t>(n);
  }
}

void write_all(int fd, const std::byte* from, std::size_t size) {
  if (::write(fd, from, size) != static_cast<ssize_t>(size)) std::_Exit(4);
}

void measure_round_trips(const pipe_bench::Size& size) {
  Buffer buffer(size.bytes, std::byte{1});
  {
    measure::Shared<Table> table;
    int trips = size.awake + size.awake / 20 + 1;
    measure::Forked partner([&] {
      std::size_t in = 0, out = 0;
      for (int i = 0; i < trips; ++i) {
        table->there.receive(in, buffer.data(), buffer.size());
        table->back.send(out, buffer.data(), buffer.size());
      }
    });
    std::size_t in = 0, out = 0;
    pipe_bench::report_awake(size, [&] {
      table->there.send(out, buffer.data(), buffer.size());
      table->back.receive(in, buffer.data(), buffer.size());
    });
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::_Exit(2);
  measure::Forked partner([&] {
    ::close(ends[0]);
    while (true) {
      read_all(ends[1], buffer.data(), buffer.size());
      write_all(ends[1], buffer.data(), buffer.size());
    }
  });
  ::close(ends[1]);
  pipe_bench::report_asleep(size, [&] {
    write_all(ends[0], buffer.data(), buffer.size());
    read_all(ends[0], buffer.data(), buffer.size());
  });
  ::close(ends[0]);
}

void measure_stream(const pipe_bench::Size& size) {
  Buffer buffer(size.bytes, std::byte{1});
  if (size.bytes <= 4096) {
    measure::Shared<Ring> ring;
    measure::Forked partner([&] {
      std::uint64_t in = 0, known = 0;
      for (int i = 0; i < size.stream; ++i) ring_send(*ring, in, known, buffer.data(), buffer.size());
    });
    std::uint64_t out = 0, known = 0;
    pipe_bench::report_stream(size, [&] { ring_receive(*ring, out, known, buffer.data(), buffer.size()); });
    return;
  }
  measure::Shared<Lane> lane;
  measure::Forked partner([&] {
    std::size_t at = 0;
    for (int i = 0; i < size.stream; ++i) lane->send(at, buffer.data(), buffer.size());
  });
  std::size_t at = 0;
  pipe_bench::report_stream(size, [&] { lane->receive(at, buffer.data(), buffer.size()); });
}

}  // namespace

int main() {
  for (const auto& size : pipe_bench::kSizes) {
    measure_round_trips(size);
    measure_stream(size);
  }
}
