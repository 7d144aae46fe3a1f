// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues (mq_overview(7)), of the ten messages that an unprivileged process may have.
#include <fcntl.h>
#include <mqueue.h>

#include "flow.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::Message;

class Mq {
 public:
  Mq(const char* name, long size) : size_(static_cast<std::size_t>(size)) {
    ::mq_unlink(name);
    mq_attr attributes{};
    attributes.mq_maxmsg = 10;
    attributes.mq_msgsize = size;
    queue_ = ::mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
    if (queue_ < 0) std::perror("mq_open"), std::_Exit(2);
    ::mq_unlink(name);
  }
  ~Mq() { ::mq_close(queue_); }
  Mq(const Mq&) = delete;
  Mq& operator=(const Mq&) = delete;
  void put(const void* message) {
    if (::mq_send(queue_, static_cast<const char*>(message), size_, 0) != 0) std::_Exit(5);
  }
  void get(void* message) {
    if (::mq_receive(queue_, static_cast<char*>(message), size_, nullptr) < 0) std::_Exit(5);
  }

 private:
  std::size_t size_;
  mqd_t queue_;
};

template <std::size_t size>
double rate(int producers, int consumers, std::uint64_t total) {
  Mq queue("/cohort-bench", size);
  return flow(
      producers, consumers, total,
      [&](std::uint64_t k) {
        Message<size> message{};
        message.words[0] = k;
        queue.put(&message);
      },
      [&] {
        Message<size> message;
        queue.get(&message);
        return message.words[0];
      });
}

}  // namespace

int main() {
  measure::report("8 B, 1 to 1", "/s", {rate<8>(1, 1, 100'000)});
  measure::report("64 B, 1 to 1", "/s", {rate<64>(1, 1, 100'000)});
  measure::report("4 KiB, 1 to 1", "/s", {rate<4096>(1, 1, 50'000)});
  measure::report("64 B, 2 to 2", "/s", {rate<64>(2, 2, 100'000)});
  measure::report("64 B, 8 to 8", "/s", {rate<64>(8, 8, 80'000)});
  Mq there("/cohort-bench-there", 64), back("/cohort-bench-back", 64);
  Message<64> message{};
  auto trips = [&](int count, std::chrono::microseconds pause) {
    return queue_bench::round_trips(
        count, pause, [&](std::uint64_t) { there.put(&message), back.get(&message); },
        [&] { there.get(&message), back.put(&message); });
  };
  queue_bench::report_round_trips("round trip 64 B, awake", trips(3000, 0us));
  queue_bench::report_round_trips("round trip 64 B, asleep", trips(300, 2000us));
}
