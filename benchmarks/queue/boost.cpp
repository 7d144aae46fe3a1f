// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Boost.Interprocess message_queue.
#include <boost/interprocess/ipc/message_queue.hpp>

#include "flow.hpp"

namespace {

namespace ipc = boost::interprocess;
using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::Message;

class Named {
 public:
  Named(const char* name, std::size_t depth, std::size_t size)
      : name_(name + std::to_string(::getpid())), queue_(ipc::open_or_create, name_.c_str(), depth, size) {}
  ~Named() {
    if (::getpid() == owner_) ipc::message_queue::remove(name_.c_str());
  }
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;
  void put(const void* message, std::size_t size) { queue_.send(message, size, 0); }
  void get(void* message, std::size_t size) {
    ipc::message_queue::size_type received = 0;
    unsigned priority = 0;
    queue_.receive(message, size, received, priority);
  }

 private:
  pid_t owner_ = ::getpid();
  std::string name_;
  ipc::message_queue queue_;
};

template <std::size_t size>
double rate(int producers, int consumers, std::uint64_t total, std::size_t depth) {
  Named queue("cohort-bench-", depth, size);
  return flow(
      producers, consumers, total,
      [&](std::uint64_t k) {
        Message<size> message{};
        message.words[0] = k;
        queue.put(&message, sizeof message);
      },
      [&] {
        Message<size> message;
        queue.get(&message, sizeof message);
        return message.words[0];
      });
}

}  // namespace

int main() {
  measure::report("8 B, 1 to 1", "/s", {rate<8>(1, 1, 500'000, 8192)});
  measure::report("64 B, 1 to 1", "/s", {rate<64>(1, 1, 500'000, 8192)});
  measure::report("4 KiB, 1 to 1", "/s", {rate<4096>(1, 1, 100'000, 512)});
  measure::report("64 B, 2 to 2", "/s", {rate<64>(2, 2, 500'000, 8192)});
  measure::report("64 B, 8 to 8", "/s", {rate<64>(8, 8, 400'000, 8192)});
  {
    Named there("cohort-bench-there-", 16, 64), back("cohort-bench-back-", 16, 64);
    Message<64> message{};
    auto trips = [&](int count, std::chrono::microseconds pause) {
      return queue_bench::round_trips(
          count, pause, [&](std::uint64_t) { there.put(&message, 64), back.get(&message, 64); },
          [&] { there.get(&message, 64), back.put(&message, 64); });
    };
    queue_bench::report_round_trips("round trip 64 B, awake", trips(3000, 0us));
    queue_bench::report_round_trips("round trip 64 B, asleep", trips(300, 2000us));
  }
  constexpr std::size_t kBytes = 1 << 20;
  Named queue("cohort-bench-large-", 8, kBytes);
  std::vector<std::uint64_t> out(kBytes / 8, 1), in(kBytes / 8);
  measure::report("1 MiB, copied in and out", "B/s",
                  {flow(
                       1, 1, 2000,
                       [&](std::uint64_t k) {
                         out[0] = k;
                         queue.put(out.data(), kBytes);
                       },
                       [&] {
                         queue.get(in.data(), kBytes);
                         return in[0];
                       }) *
                   kBytes});
}
