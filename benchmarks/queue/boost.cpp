// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Boost.Interprocess message_queue.
#include <boost/interprocess/ipc/message_queue.hpp>

#include "rows.hpp"

namespace {

namespace ipc = boost::interprocess;
using namespace std::chrono_literals;
using queue_bench::kMiB;
using queue_bench::Message;
using queue_bench::Words;

class Named {
 public:
  Named(const char* name, std::size_t depth, std::size_t size)
      : name_(name + std::to_string(::getpid()) + "-" + std::to_string(++made_)),
        queue_(ipc::open_or_create, name_.c_str(), depth, size) {}
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
  static inline int made_ = 0;
  pid_t owner_ = ::getpid();
  std::string name_;
  ipc::message_queue queue_;
};

struct Boost {
  static constexpr std::uint64_t kShare = 8;
  static constexpr std::size_t kMostBytes = 64 * kMiB;

  template <std::size_t n>
  struct Small {
    Small(std::size_t depth, bool, int) : queue("cohort-bench-", depth, n) {}
    void put(const Message<n>& message) { queue.put(&message, n); }
    void get(Message<n>& message) { queue.get(&message, n); }
    void end() {}
    Named queue;
  };
  struct Large {
    Large(std::size_t bytes, std::size_t depth, bool, int) : queue("cohort-bench-large-", depth, bytes) {}
    void put(const Words& message) { queue.put(message.data(), message.size() * 8); }
    void get(Words& message) { queue.get(message.data(), message.size() * 8); }
    void end() {}
    Named queue;
  };
};

}  // namespace

int main(int argc, char** argv) { queue_bench::fill_rows<Boost>(argc < 2 ? nullptr : argv[1]); }
