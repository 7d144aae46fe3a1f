// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Work that is to make next to no system calls: cohort chunks|trips|locks|puts|answers COUNT.
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/sync.hpp"

namespace {

int increment(int n) { return n + 1; }

// Another process gets all, and answers each when that is asked.
void serve(cohort::Queue<std::size_t> q, cohort::Queue<std::size_t> answers, std::size_t count, bool answering) {
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t item = q.get();
    if (answering) answers.put(item);
  }
}

void use_queue(std::size_t count, bool answering) {
  cohort::Queue<std::size_t> q(8192), answers;
  cohort::Process server(serve, q, answers, count, answering);
  server.start();
  for (std::size_t i = 0; i < count; ++i) {
    q.put(i);
    if (answering) (void)answers.get();
  }
  server.join();
}

// Two of them fight for the lock, from the moment that both are there.
void take_turns(cohort::Lock lock, cohort::Barrier start, std::size_t count) {
  start.wait();
  for (std::size_t i = 0; i < count; ++i) {
    lock.acquire();
    lock.release();
  }
}

void fight(std::size_t count) {
  cohort::Lock lock;
  cohort::Barrier start(2);
  cohort::Process partner(take_turns, lock, start, count / 2);
  partner.start();
  take_turns(lock, start, count / 2);
  partner.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::string_view what = argv[1];
  auto count = static_cast<std::size_t>(std::atoll(argv[2]));
  if (what == "locks") {
    fight(count);
    return 0;
  }
  if (what == "puts" || what == "answers") {
    use_queue(count, what == "answers");
    return 0;
  }
  cohort::Pool pool({.processes = what == "chunks" ? 2 : 1});
  for (int i = 0; i < 100; ++i) pool.apply<increment>(i);
  if (what == "chunks") {
    std::vector<int> input(count, 1);
    pool.map<increment>(input, {.chunksize = 1});
  } else {
    for (std::size_t i = 0; i < count; ++i) pool.apply<increment>(1);
  }
}
