// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A lock at namespace scope is one lock for all processes, under every start method: no argument has to carry it. So is
// the value that it guards.
//
// Output:
//
//   fork: balance 0 after 4000 changes
//   spawn: balance 0 after 8000 changes
//   forkserver: balance 0 after 12000 changes
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>

cohort::Lock lock;
cohort::Value<int> balance(0);
cohort::Value<int> changes(0);

void change_it(int n) {
  balance.store(balance.load() + n);
  balance.store(balance.load() - n);
  changes.store(changes.load() + 2);
}

void run(int n) {
  for (int i = 0; i < 1000; ++i) {
    std::scoped_lock guard(lock);
    change_it(n);
  }
}

int main() {
  for (const char* method : {"fork", "spawn", "forkserver"}) {
    cohort::Context context = cohort::get_context(method);
    cohort::Process five = context.process(run, 5);
    cohort::Process eight = context.process(run, 8);
    five.start();
    eight.start();
    five.join();
    eight.join();
    std::cout << method << ": balance " << balance.load() << " after " << changes.load() << " changes" << std::endl;
  }
}
