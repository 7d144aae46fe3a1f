// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/shared_mutex.hpp"

#include <mutex>
#include <shared_mutex>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

template <class F>
void in_another_thread(F&& body) {
  std::thread(std::forward<F>(body)).join();
}

TEST(SharedMutex, lets_readers_in_together_and_a_writer_alone) {
  SharedMutex mutex;
  std::shared_lock reading(mutex);
  in_another_thread([&] {
    std::shared_lock also(mutex);
    EXPECT_TRUE(also.owns_lock());
  });
  in_another_thread([&] { EXPECT_FALSE(mutex.try_lock()); });
  in_another_thread([&] { EXPECT_FALSE(mutex.try_lock_for(2ms)); });
  reading.unlock();
  std::unique_lock writing(mutex);
  in_another_thread([&] {
    EXPECT_FALSE(mutex.try_lock_shared());
    EXPECT_FALSE(mutex.try_lock_shared_for(2ms));
    EXPECT_FALSE(mutex.try_lock());
  });
  writing.unlock();
  in_another_thread([&] {
    std::shared_lock guard(mutex, 30s);
    EXPECT_TRUE(guard.owns_lock());
  });
}

TEST(SharedMutex, shows_readers_what_the_writer_wrote) {
  SharedMutex mutex;
  long a = 0;
  long b = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 5000; ++j) {
        std::shared_lock guard(mutex);
        EXPECT_EQ(a, b);
      }
    });
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 3000; ++j) {
        std::unique_lock guard(mutex);
        ++a;
        ++b;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(a, 6000);
}

TEST(SharedMutex, wakes_a_writer_that_waits_for_readers) {
  SharedMutex mutex;
  mutex.lock_shared();
  std::atomic<pid_t> tid{0};
  std::thread writer([&] {
    tid = os::thread_id();
    EXPECT_TRUE(mutex.acquire(patience()));
    mutex.release();
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  in_another_thread([&] { EXPECT_FALSE(mutex.try_lock_shared()) << "a writer waits"; });
  mutex.unlock_shared();
  writer.join();
}

TEST(SharedMutex, forgets_a_reader_that_died) {
  SharedMutex mutex;
  Child child([&] {
    mutex.lock_shared();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] {
    bool got = mutex.try_lock();
    if (got) mutex.unlock();
    return !got;
  }));
  child.kill();
  EXPECT_TRUE(mutex.acquire(patience()));
  EXPECT_FALSE(mutex.owner_died());
  mutex.release();
}

TEST(SharedMutex, goes_to_the_next_when_the_writer_dies) {
  SharedMutex mutex;
  Child child([&] {
    mutex.lock();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] {
    bool got = mutex.try_lock_shared();
    if (got) mutex.unlock_shared();
    return !got;
  }));
  child.kill();
  EXPECT_TRUE(mutex.acquire_shared(patience()));
  EXPECT_TRUE(mutex.owner_died());
  mutex.release_shared();
  mutex.acquire();
  mutex.mark_consistent();
  EXPECT_FALSE(mutex.owner_died());
  mutex.release();
}

TEST(SharedMutex, goes_to_one_who_only_tries_when_a_holder_dies) {
  for (bool writes : {false, true}) {
    SharedMutex mutex;
    Child child([&] {
      writes ? mutex.lock() : mutex.lock_shared();
      sleep_for_ever();
    });
    ASSERT_TRUE(eventually([&] {
      bool got = mutex.try_lock();
      if (got) mutex.unlock();
      return !got;
    }));
    child.kill();
    EXPECT_TRUE(eventually([&] { return mutex.try_lock(); }));
    EXPECT_EQ(mutex.owner_died(), writes);
    mutex.unlock();
  }
}

TEST(SharedMutex, ends_waits_when_a_stop_is_requested) {
  SharedMutex mutex;
  for (bool writer_waits : {true, false}) {
    writer_waits ? mutex.lock_shared() : mutex.lock();
    std::stop_source stop;
    std::atomic<pid_t> tid{0};
    std::thread waiter([&] {
      tid = os::thread_id();
      EXPECT_THROW(writer_waits ? mutex.acquire(stop.get_token()) : mutex.acquire_shared(stop.get_token()), Stopped);
    });
    ASSERT_TRUE(eventually([&] { return tid != 0; }));
    await_sleep(tid);
    stop.request_stop();
    waiter.join();
    writer_waits ? mutex.unlock_shared() : mutex.unlock();
  }
  mutex.lock();
  mutex.unlock();
}

TEST(SharedMutex, lets_more_readers_wait_than_it_has_places_for) {
  SharedMutex mutex;
  for (int i = 0; i < 256; ++i) mutex.lock_shared();
  in_another_thread([&] { EXPECT_FALSE(mutex.try_lock_shared_for(2ms)); });
  std::thread one_more([&] {
    EXPECT_TRUE(mutex.acquire_shared(patience()));
    mutex.release_shared();
  });
  for (int i = 0; i < 256; ++i) mutex.unlock_shared();
  one_more.join();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(SharedMutex, throws_for_wrong_use) {
  SharedMutex mutex;
  EXPECT_THROW(mutex.release(), StateError);
  EXPECT_THROW(mutex.release_shared(), StateError);
  mutex.lock();
  EXPECT_THROW(mutex.lock(), StateError);
  EXPECT_THROW(mutex.lock_shared(), StateError);
  in_another_thread([&] { EXPECT_THROW(mutex.release(), StateError); });
  mutex.unlock();
  mutex.lock_shared();
  EXPECT_THROW(mutex.lock(), StateError);
  in_another_thread([&] { EXPECT_THROW(mutex.release_shared(), StateError); });
  EXPECT_THROW(mutex.mark_consistent(), StateError);
  mutex.unlock_shared();
  EXPECT_THROW(SharedMutex(null_handle).lock(), ClosedError);
}

}  // namespace
}  // namespace cohort::test
