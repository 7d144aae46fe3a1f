// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Cohort's locks.
#include "cohort/sync.hpp"

#include "fight.hpp"

int main() {
  cohort::Lock lock;
  cohort::RLock rlock;
  cohort::Semaphore semaphore(1);
  cohort::SharedMutex mutex;
  auto alone = [](const char* metric, auto& object) {
    measure::report(metric, "ns", {lock_bench::alone([&] { object.acquire(); }, [&] { object.release(); })});
  };
  auto fight = [](const char* metric, unsigned count, auto& object) {
    lock_bench::fight(metric, count, [&] { object.acquire(); }, [&] { object.release(); });
  };
  alone("lock, alone", lock);
  alone("recursive lock, alone", rlock);
  alone("semaphore, alone", semaphore);
  measure::report("reading, alone", "ns",
                  {lock_bench::alone([&] { mutex.acquire_shared(); }, [&] { mutex.release_shared(); })});
  fight("lock, 2 processes", 2, lock);
  fight("lock, 8 processes", 8, lock);
  fight("semaphore, 2 processes", 2, semaphore);
}
