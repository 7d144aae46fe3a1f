// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiters in a table, by its words.
#include "sync/condition_core.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

namespace cohort::sync {
namespace {

using namespace std::chrono_literals;

class ConditionWords : public testing::Test {
 protected:
  ConditionWords() { std::memset(static_cast<void*>(body_.get()), 0, sizeof(ConditionBody)); }
  ConditionCore core() { return {*body_, body_->own_lock}; }
  // Waits in another thread until it has a place, then takes the lock here.
  std::thread waiter(bool* notified) {
    std::thread thread([=, this] {
      ThreadSelf& self = this_thread();
      (void)LockCore::acquire(body_->own_lock, self, Deadline::never());
      *notified = core().wait(self, Deadline(30s), no_more) == Acquired::yes;
      LockCore::release(body_->own_lock, self);
    });
    while (body_->first[0].asleep.load() == 0) std::this_thread::yield();
    EXPECT_EQ(LockCore::acquire(body_->own_lock, self_, Deadline(30s)), Acquired::yes);
    return thread;
  }
  static constexpr auto no_more = [](std::atomic<std::uint64_t>&, std::size_t) { throw std::bad_alloc(); };
  std::unique_ptr<ConditionBody> body_ = std::make_unique<ConditionBody>();
  ThreadSelf& self_ = this_thread();
};

TEST_F(ConditionWords, has_a_place_for_who_waits_and_none_afterwards) {
  bool notified = false;
  std::thread thread = waiter(&notified);
  EXPECT_EQ(body_->used.load(), 1u);
  EXPECT_EQ(core().waiting(), 1u);
  EXPECT_EQ(core().notify(self_, 5), 1u) << "no more wait";
  EXPECT_EQ(core().waiting(), 0u) << "it is notified, though it has not gone yet";
  LockCore::release(body_->own_lock, self_);
  thread.join();
  EXPECT_TRUE(notified);
  EXPECT_EQ(body_->used.load(), 0u);
}

TEST_F(ConditionWords, takes_the_lock_again_when_the_time_is_over) {
  ASSERT_EQ(LockCore::acquire(body_->own_lock, self_, Deadline::now()), Acquired::yes);
  EXPECT_EQ(core().wait(self_, Deadline::now(), no_more), Acquired::timed_out);
  EXPECT_EQ(LockCore::owner(body_->own_lock), self_.word);
  EXPECT_EQ(core().notify(self_, 1), 0u);
  LockCore::release(body_->own_lock, self_);
}

TEST_F(ConditionWords, does_nothing_when_there_is_no_room_for_one_more) {
  ASSERT_EQ(LockCore::acquire(body_->own_lock, self_, Deadline::now()), Acquired::yes);
  for (auto& place : body_->first) place.thread.store(self_.word);
  body_->used.store(ConditionBody::kFirst);
  EXPECT_THROW((void)core().wait(self_, Deadline::never(), no_more), std::bad_alloc);
  EXPECT_EQ(LockCore::owner(body_->own_lock), self_.word) << "still the owner";
  EXPECT_EQ(body_->used.load(), ConditionBody::kFirst);
  LockCore::release(body_->own_lock, self_);
}

}  // namespace
}  // namespace cohort::sync
