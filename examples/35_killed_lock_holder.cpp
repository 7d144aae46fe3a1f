// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A process is killed while it holds a lock. In Python all others wait for ever. Here the next one gets the lock, and
// is told, so that it can mend what the dead one left half done.
//
// Output:
//
//   the holder died with SIGKILL (9)
//   the transfer was half done: 70 + 0, not 100
//   mended: 100 + 0
//   the holder's death is known: false
//   a poisoned lock is not handed out until somebody recovers it
//   recovered
#include <signal.h>

#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>

cohort::Lock lock;
cohort::Lock strict({.on_owner_death = cohort::OwnerDeath::poison});
cohort::Value<int> ours(100);
cohort::Value<int> theirs(0);

void transfer() {
  std::scoped_lock guard(lock, strict);
  ours -= 30;
  raise(SIGKILL);
  theirs += 30;
}

int main() {
  cohort::Process p(transfer);
  p.start();
  p.join();
  std::cout << "the holder " << p.exit_status()->to_string() << std::endl;

  {
    std::scoped_lock guard(lock);
    if (lock.owner_died()) {
      std::cout << "the transfer was half done: " << ours.load() << " + " << theirs.load() << ", not 100" << std::endl;
      ours.store(100 - theirs.load());
      std::cout << "mended: " << ours.load() << " + " << theirs.load() << std::endl;
      lock.mark_consistent();
    }
  }
  std::cout << "the holder's death is known: " << std::boolalpha << lock.owner_died() << std::endl;

  try {
    strict.acquire();
  } catch (const cohort::LockOwnerDied&) {
    std::cout << "a poisoned lock is not handed out until somebody recovers it" << std::endl;
  }
  strict.recover();
  std::cout << "recovered" << std::endl;
  strict.release();
}
