// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a state, not for a moment: the lock guards the state, the condition says that it has changed.
//
// Output:
//
//   stage 1 is reached by main
//   stage 2 is reached by the child
//   stage 3 is reached by main
//   the child sees the end
//   nobody notified within 10 ms
#include <chrono>
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>

using namespace std::chrono_literals;

void advance(cohort::Condition& changed, const cohort::Value<int>& stage, const char* who) {
  std::cout << "stage " << (stage += 1) << " is reached by " << who << std::endl;
  changed.notify_all();
}

void child(cohort::Condition changed, cohort::Value<int> stage) {
  std::scoped_lock guard(changed);
  changed.wait_for([&] { return stage.load() == 1; });
  advance(changed, stage, "the child");
  changed.wait_for([&] { return stage.load() == 3; });
  std::cout << "the child sees the end" << std::endl;
}

int main() {
  cohort::Condition changed;
  cohort::Value<int> stage(0);
  cohort::Process p(child, changed, stage);
  p.start();
  {
    std::scoped_lock guard(changed);
    advance(changed, stage, "main");
    changed.wait_for([&] { return stage.load() == 2; });
    advance(changed, stage, "main");
  }
  p.join();

  std::scoped_lock guard(changed);
  if (!changed.wait(10ms)) std::cout << "nobody notified within 10 ms" << std::endl;
}
