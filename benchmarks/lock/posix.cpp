// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The robust process-shared mutex of pthreads, and its semaphore.
#include <pthread.h>
#include <semaphore.h>

#include "fight.hpp"

namespace {

struct Shared {
  alignas(128) pthread_mutex_t mutex;
  alignas(128) pthread_mutex_t recursive;
  alignas(128) sem_t semaphore;
  Shared() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    ::pthread_mutex_init(&recursive, &attributes);
    ::sem_init(&semaphore, 1, 1);
  }
};

}  // namespace

int main() {
  measure::Shared<Shared> shared;
  auto lock_of = [](pthread_mutex_t& mutex) { return [&mutex] { ::pthread_mutex_lock(&mutex); }; };
  auto unlock_of = [](pthread_mutex_t& mutex) { return [&mutex] { ::pthread_mutex_unlock(&mutex); }; };
  auto wait = [&] { ::sem_wait(&shared->semaphore); };
  auto post = [&] { ::sem_post(&shared->semaphore); };
  measure::report("lock, alone", "ns", {lock_bench::alone(lock_of(shared->mutex), unlock_of(shared->mutex))});
  measure::report("recursive lock, alone", "ns",
                  {lock_bench::alone(lock_of(shared->recursive), unlock_of(shared->recursive))});
  measure::report("semaphore, alone", "ns", {lock_bench::alone(wait, post)});
  lock_bench::fight("lock, 2 processes", 2, lock_of(shared->mutex), unlock_of(shared->mutex));
  lock_bench::fight("lock, 8 processes", 8, lock_of(shared->mutex), unlock_of(shared->mutex));
  lock_bench::fight("semaphore, 2 processes", 2, wait, post);
}
