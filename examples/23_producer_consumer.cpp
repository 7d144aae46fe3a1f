// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A producer and a consumer, and a queue at namespace scope, which both have without being given it.
//
// Output (the two run at once, so their lines come in any order):
//
//   Producer Lyon has produced bun 1
//   Producer Lyon has produced bun 2
//   Producer Lyon has produced bun 3
//   Producer Lyon has produced bun 4
//   Consumer Kenneth has eaten bun 1
//   Consumer Kenneth has eaten bun 2
//   Consumer Kenneth has eaten bun 3
//   Consumer Kenneth has eaten bun 4
//   No bun any more
//   End of main process
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <iostream>
#include <string>

cohort::Queue<int> q;
constexpr int kNoMore = 0;

void produce(std::string name) {
  for (int bun = 1; bun < 5; ++bun) {
    q.put(bun);
    std::cout << "Producer " << name << " has produced bun " << bun << std::endl;
  }
  q.put(kNoMore);
}

void consume(std::string name) {
  while (int bun = q.get()) std::cout << "Consumer " << name << " has eaten bun " << bun << std::endl;
  std::cout << "No bun any more" << std::endl;
}

int main() {
  cohort::Process producer(produce, "Lyon");
  cohort::Process consumer(consume, "Kenneth");
  producer.start();
  consumer.start();
  producer.join();
  consumer.join();
  std::cout << "End of main process" << std::endl;
}
