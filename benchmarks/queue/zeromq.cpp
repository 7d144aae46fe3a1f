// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// ZeroMQ over ipc: each producer has a PUSH socket that is connected to the PULL socket of each consumer.
#include <zmq.h>

#include "rows.hpp"

namespace {

using queue_bench::kMiB;
using queue_bench::Message;
using queue_bench::Words;

void must(bool good) {
  if (good) return;
  std::fprintf(stderr, "zmq: %s\n", zmq_strerror(zmq_errno()));
  std::_Exit(6);
}

/// What stands for one queue. A process's socket is made when it first uses it; contexts do not survive a fork.
class Sockets {
 public:
  explicit Sockets(int pairs) : pairs_(pairs) {}
  void put(const void* message, std::size_t size) { must(zmq_send(socket(ZMQ_PUSH), message, size, 0) >= 0); }
  void get(void* message, std::size_t size) { must(zmq_recv(socket(ZMQ_PULL), message, size, 0) >= 0); }
  // The library's own thread sends: it is done when its context has ended.
  void end() {
    if (socket_ == nullptr || owner_ != ::getpid()) return;
    zmq_close(socket_);
    zmq_ctx_term(context_);
    socket_ = nullptr;
  }

 private:
  std::string address(std::uint32_t consumer) const {
    return "ipc://@cohort-bench-" + std::to_string(maker_) + "-" + std::to_string(number_) + "-" +
           std::to_string(consumer);
  }
  void* socket(int type) {
    if (owner_ == ::getpid()) return socket_;
    owner_ = ::getpid();
    context_ = zmq_ctx_new();
    socket_ = zmq_socket(context_, type);
    // Without a bound: a producer passes over a consumer that is behind, and then one gets more than its share.
    int limit = 0;
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &limit, sizeof limit);
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &limit, sizeof limit);
    int milliseconds = 20'000;
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &milliseconds, sizeof milliseconds);
    zmq_setsockopt(socket_, ZMQ_SNDTIMEO, &milliseconds, sizeof milliseconds);
    if (type == ZMQ_PULL) {
      must(zmq_bind(socket_, address(consumers_->fetch_add(1)).c_str()) == 0);
    } else {
      // A producer gives to each in turn, in the order of these: begun at another one by each, so that all get as many.
      auto pairs = static_cast<std::uint32_t>(pairs_);
      std::uint32_t first = producers_->fetch_add(1);
      for (std::uint32_t i = 0; i < pairs; ++i) must(zmq_connect(socket_, address((first + i) % pairs).c_str()) == 0);
    }
    return socket_;
  }

  static inline int made_ = 0;
  int pairs_;
  int number_ = ++made_;
  pid_t maker_ = ::getpid();
  measure::Shared<std::atomic<std::uint32_t>> consumers_, producers_;
  pid_t owner_ = 0;
  void* context_ = nullptr;
  void* socket_ = nullptr;
};

struct ZeroMq {
  static constexpr std::uint64_t kShare = 16;
  static constexpr std::size_t kMostBytes = 64 * kMiB;

  template <std::size_t n>
  struct Small {
    Small(std::size_t, bool, int pairs) : sockets(pairs) {}
    void put(const Message<n>& message) { sockets.put(&message, n); }
    void get(Message<n>& message) { sockets.get(&message, n); }
    void end() { sockets.end(); }
    Sockets sockets;
  };
  struct Large {
    Large(std::size_t, std::size_t, bool, int pairs) : sockets(pairs) {}
    void put(const Words& message) { sockets.put(message.data(), message.size() * 8); }
    void get(Words& message) { sockets.get(message.data(), message.size() * 8); }
    void end() { sockets.end(); }
    Sockets sockets;
  };
};

}  // namespace

int main(int argc, char** argv) { queue_bench::fill_rows<ZeroMq>(argc < 2 ? nullptr : argv[1]); }
