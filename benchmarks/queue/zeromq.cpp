// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// ZeroMQ over ipc: one PUSH socket a producer, one PULL socket a consumer, each in a process of its own.
#include <zmq.h>

#include <memory>

#include "flow.hpp"

namespace {

using namespace std::chrono_literals;
using queue_bench::flow;
using queue_bench::Message;

void must(bool good) {
  if (good) return;
  std::fprintf(stderr, "zmq: %s\n", zmq_strerror(zmq_errno()));
  std::_Exit(6);
}

std::string address(const char* name) {
  return "ipc://@cohort-bench-" + std::string(name) + std::to_string(::getpid());
}

/// A socket of the process that first uses it; contexts do not survive a fork.
class Socket {
 public:
  Socket(int type, std::string where, bool binds) : type_(type), where_(std::move(where)), binds_(binds) {}
  void* get() {
    if (owner_ != ::getpid()) {
      owner_ = ::getpid();
      socket_ = zmq_socket(zmq_ctx_new(), type_);
      int limit = 8192;
      zmq_setsockopt(socket_, ZMQ_SNDHWM, &limit, sizeof limit);
      zmq_setsockopt(socket_, ZMQ_RCVHWM, &limit, sizeof limit);
      // A message that the other side's context dropped at its end would be waited for for ever.
      int milliseconds = 20'000;
      zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &milliseconds, sizeof milliseconds);
      zmq_setsockopt(socket_, ZMQ_SNDTIMEO, &milliseconds, sizeof milliseconds);
      must((binds_ ? zmq_bind(socket_, where_.c_str()) : zmq_connect(socket_, where_.c_str())) == 0);
    }
    return socket_;
  }
  void put(const void* message, std::size_t size) { must(zmq_send(get(), message, size, 0) >= 0); }
  void take(void* message, std::size_t size) { must(zmq_recv(get(), message, size, 0) >= 0); }

 private:
  int type_;
  std::string where_;
  bool binds_;
  pid_t owner_ = 0;
  void* socket_ = nullptr;
};

template <std::size_t size>
double rate(std::uint64_t total) {
  Socket in(ZMQ_PUSH, address("rate"), false), out(ZMQ_PULL, address("rate"), true);
  auto message = std::make_unique<Message<size>>();
  return flow(
      1, 1, total,
      [&](std::uint64_t k) {
        message->words[0] = k;
        in.put(message.get(), size);
        // The library's own thread sends: it must be done before the process ends.
        if (k == total) std::this_thread::sleep_for(500ms);
      },
      [&] {
        out.take(message.get(), size);
        return message->words[0];
      });
}

// Without the half second in which the producer's socket lingers.
double without_pause(double per_second, std::uint64_t total) {
  double seconds = static_cast<double>(total) / per_second - 0.5;
  return static_cast<double>(total) / (seconds > 0 ? seconds : 1e-9);
}

void trips(const std::string& name, int count, std::chrono::microseconds pause) {
  Socket ask(ZMQ_REQ, address(name.c_str()), false), answer(ZMQ_REP, address(name.c_str()), true);
  Message<64> message{};
  queue_bench::report_round_trips(
      name, queue_bench::round_trips(
                count, pause, [&](std::uint64_t) { ask.put(&message, 64), ask.take(&message, 64); },
                [&] { answer.take(&message, 64), answer.put(&message, 64); }));
}

}  // namespace

int main() {
  measure::report("8 B, 1 to 1", "/s", {without_pause(rate<8>(3'000'000), 3'000'000)});
  measure::report("64 B, 1 to 1", "/s", {without_pause(rate<64>(3'000'000), 3'000'000)});
  measure::report("1 MiB, copied in and out", "B/s", {without_pause(rate<(1 << 20)>(4000), 4000) * (1 << 20)});
  trips("round trip 64 B, awake", 2000, 0us);
  trips("round trip 64 B, asleep", 300, 2000us);
}
