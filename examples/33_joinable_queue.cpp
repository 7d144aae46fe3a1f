// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// join() waits until every item is dealt with, not only taken. Of a worker that is killed, the item goes to another
// one.
//
// Output:
//
//   the first worker died with SIGKILL (9), its job in hand
//   all jobs are done, their sum is 55
//   task_done() once too often is an error
#include <signal.h>

#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <cohort/shared.hpp>
#include <iostream>

void work(cohort::JoinableQueue<int> jobs, cohort::Value<int> sum) {
  for (;;) {
    sum += jobs.get();
    jobs.task_done();
  }
}

void die_at_work(cohort::JoinableQueue<int> jobs) {
  (void)jobs.get();
  raise(SIGKILL);
}

int main() {
  cohort::JoinableQueue<int> jobs({.redeliver = true});
  cohort::Value<int> sum(0);
  for (int job = 1; job <= 10; ++job) jobs.put(job);

  cohort::Process first(die_at_work, jobs);
  first.start();
  first.join();
  std::cout << "the first worker " << first.exit_status()->to_string() << ", its job in hand" << std::endl;

  cohort::Process second({.daemon = true}, work, jobs, sum);
  second.start();
  jobs.join();
  std::cout << "all jobs are done, their sum is " << sum.load() << std::endl;
  try {
    jobs.task_done();
  } catch (const cohort::ValueError&) { std::cout << "task_done() once too often is an error" << std::endl; }
}
