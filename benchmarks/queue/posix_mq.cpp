// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues (mq_overview(7)), of the ten messages that an unprivileged process may have.
#include <fcntl.h>
#include <mqueue.h>

#include "rows.hpp"

namespace {

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

struct PosixMq {
  static constexpr std::uint64_t kShare = 2;
  static constexpr std::size_t kMostBytes = 8192;  // /proc/sys/fs/mqueue/msgsize_max

  template <std::size_t n>
  struct Small {
    Small(std::size_t, bool, int) : queue("/cohort-bench", n) {}
    void put(const Message<n>& message) { queue.put(&message); }
    void get(Message<n>& message) { queue.get(&message); }
    void end() {}
    Mq queue;
  };
};

}  // namespace

int main(int argc, char** argv) { queue_bench::fill_rows<PosixMq>(argc < 2 ? nullptr : argv[1]); }
