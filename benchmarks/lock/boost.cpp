// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Boost.Interprocess: locks that do not survive their holder.
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/interprocess_recursive_mutex.hpp>
#include <boost/interprocess/sync/interprocess_semaphore.hpp>
#include <boost/interprocess/sync/interprocess_sharable_mutex.hpp>

#include "fight.hpp"

namespace {

struct Shared {
  alignas(128) boost::interprocess::interprocess_mutex mutex;
  alignas(128) boost::interprocess::interprocess_recursive_mutex recursive;
  alignas(128) boost::interprocess::interprocess_sharable_mutex sharable;
  alignas(128) boost::interprocess::interprocess_semaphore semaphore{1};
};

}  // namespace

int main() {
  measure::Shared<Shared> shared;
  auto lock = [&] { shared->mutex.lock(); };
  auto unlock = [&] { shared->mutex.unlock(); };
  auto wait = [&] { shared->semaphore.wait(); };
  auto post = [&] { shared->semaphore.post(); };
  measure::report("lock, alone", "ns", {lock_bench::alone(lock, unlock)});
  measure::report("recursive lock, alone", "ns",
                  {lock_bench::alone([&] { shared->recursive.lock(); }, [&] { shared->recursive.unlock(); })});
  measure::report("semaphore, alone", "ns", {lock_bench::alone(wait, post)});
  measure::report(
      "reading, alone", "ns",
      {lock_bench::alone([&] { shared->sharable.lock_sharable(); }, [&] { shared->sharable.unlock_sharable(); })});
  lock_bench::fight("lock, 2 processes", 2, lock, unlock);
  lock_bench::fight("lock, 8 processes", 8, lock, unlock);
  lock_bench::fight("semaphore, 2 processes", 2, wait, post);
}
