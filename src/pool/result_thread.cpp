// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/result_thread.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "os/thread.hpp"

namespace cohort::detail {

namespace {

// A worker may be forked from here, and has this stack then. Pages that are not touched cost nothing.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;
constexpr std::chrono::seconds kPatience{1};

}  // namespace

// Of the thread and its pool together: the thread may outlive the pool by a moment.
struct ResultThread::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(const std::function<bool()>&)> wait;
  std::atomic<std::size_t> expected{0};
  std::atomic<bool> stop{false};
  bool started = false;
  bool waits = false;
  std::thread::id thread;

  bool turn();
};

bool ResultThread::State::turn() {
  std::unique_lock lock(mutex);
  thread = std::this_thread::get_id();
  // relaxed: all three: under the mutex, or a look that the next one makes up for
  changed.wait(lock,
               [&] { return stop.load(std::memory_order_relaxed) || expected.load(std::memory_order_relaxed) != 0; });
  if (stop.load(std::memory_order_relaxed)) return false;  // relaxed: under the mutex
  waits = true;
  auto wait_for_results = wait;
  lock.unlock();
  const std::function<bool()> done = [this] {
    // SYNC(expected): result_delivered() release -> this load; nothing is carried
    return stop.load(std::memory_order_relaxed) || expected.load(std::memory_order_acquire) == 0;
  };
  os::contain_exceptions("cohort-results", [&] { wait_for_results(done); });
  wait_for_results = nullptr;  // before `waits`: it may hold the pool
  lock.lock();
  waits = false;
  changed.notify_all();
  return true;
}

ResultThread::ResultThread() : state_(std::make_shared<State>()) {}

ResultThread::~ResultThread() {
  std::lock_guard guard(state_->mutex);
  state_->stop.store(true, std::memory_order_relaxed);  // relaxed: under the mutex
  state_->changed.notify_all();
}

void ResultThread::expect_result(const std::function<void(const std::function<bool()>&)>& wait) {
  std::lock_guard guard(state_->mutex);
  if (!state_->started) {
    state_->wait = wait;
    auto keep = std::make_unique<std::shared_ptr<State>>(state_);
    os::start_thread(
        [](void* raw) {
          std::unique_ptr<std::shared_ptr<State>> state(static_cast<std::shared_ptr<State>*>(raw));
          if (!(*state)->turn()) return false;
          (void)state.release();  // for the next turn
          return true;
        },
        keep.get(), "cohort-results", kStackBytes);
    (void)keep.release();
    state_->started = true;
  }
  state_->expected.fetch_add(1, std::memory_order_relaxed);  // relaxed: under the mutex
  state_->changed.notify_all();
}

void ResultThread::result_delivered() noexcept {
  // SYNC(expected): this release -> the look in turn()
  state_->expected.fetch_sub(1, std::memory_order_release);
}

std::size_t ResultThread::expected() const noexcept {
  return state_->expected.load(std::memory_order_relaxed);  // relaxed: a look
}

void ResultThread::stop() noexcept {
  std::unique_lock lock(state_->mutex);
  state_->stop.store(true, std::memory_order_relaxed);  // relaxed: under the mutex
  state_->wait = nullptr;
  state_->changed.notify_all();
  if (state_->thread == std::this_thread::get_id()) return;
  state_->changed.wait_for(lock, kPatience, [&] { return !state_->waits; });
}

}  // namespace cohort::detail
